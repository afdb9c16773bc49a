"""The web application of intake: the calls, the documents, the chat and the pages."""

from fastapi import FastAPI

from services.intake import api, docs, openapi, pages, test_clock
from services.intake.chat import routes as chat
from services.intake.pages import routes
from services.intake.service import Service
from shared.pages.application import add_routes, new_application
from shared.web.server import CallServer

_DESCRIPTION = """\
Submit support requests, follow them, report activity on cases, set entitlements.

- Every call needs an API key or, for a signed-in person, a signed token (`Authorization: Bearer …`), with the scope
  that the call names.
- 202 means that Kafka has the record. An `Idempotency-Key` names one occurrence: repeat a call with its key until it is
  answered, and it counts once.
- Repeat calls after 429 and 503, once the seconds of `Retry-After` have passed, and after a lost connection.
- Refusals are problem details (RFC 9457), with one entry for each wrong field, in the language of `Accept-Language`.
- Channels, roles, plans, fields and their values are words of the edition, which `GET /v1/editions/current` lists.
"""


def server_of(service: Service) -> CallServer:
    """What the process runs. Raises BadSettings for the demo sign-in."""
    return CallServer(service, create_app(service), websockets=True)


def create_app(service: Service) -> FastAPI:
    """The application that serves the calls and the pages of `service`. Raises BadSettings for the demo sign-in."""
    app = new_application(service, title="Frontline intake", description=_DESCRIPTION, templates=(pages.TEMPLATES,))
    add_routes(app, api.router.routes, routes.router.routes, chat.pages.routes, chat.sockets.routes)
    if service.test_clock is not None:
        add_routes(app, test_clock.router.routes)
    docs.install(app, service.settings)
    openapi.install(app, lambda: service.editions.effective_at(service.clock()))
    return app
