"""The web application of intake: the calls and the documents. The process adds health and metrics.

The pages are a router beside that of the calls.
"""

from fastapi import FastAPI

from services.intake import api, docs, openapi, pages, test_clock
from services.intake.chat import routes as chat
from services.intake.pages import routes
from services.intake.service import Service
from shared.pages import demo_sign_in
from shared.pages import routes as shared_routes
from shared.pages.assets import STATIC, Assets
from shared.pages.demo_host import read_demo_host
from shared.pages.rendering import Pages
from shared.web import cross_origin, problem
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
    app = FastAPI(
        title="Frontline intake",
        description=_DESCRIPTION,
        version="1",
        contact={"name": "Frontline"},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,  # FastAPI's pages load scripts from another host; ours need no scripts
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.assets = assets = Assets(STATIC)
    app.state.pages = Pages(pages.TEMPLATES, assets)
    routers = [
        api.router,
        routes.router,
        shared_routes.router_of(home="/"),
        chat.pages,
        chat.sockets,
    ]
    if service.test_clock is not None:
        routers.append(test_clock.router)
    if (file := service.settings.demo_sign_in_file) is not None:
        host = read_demo_host(file, service.gate.callers, service.settings.token_audience)
        routers.append(demo_sign_in.router_of(host, home="/"))
    for router in routers:  # flat, so that a 405 can name the methods of every route
        app.router.routes.extend(router.routes)
    docs.install(app, service.settings)
    cross_origin.install(app, service.settings.other_origins)
    openapi.install(app, lambda: service.editions.effective_at(service.clock()))
    problem.install(app)
    return app
