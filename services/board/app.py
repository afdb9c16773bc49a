"""The web application of the board: its calls, and its pages beside them."""

from functools import partial

from fastapi import FastAPI

from services.board import api, document, pages
from services.board.leads import routes as leads
from services.board.operations import pages as operations
from services.board.pages import routes
from services.board.pages.visit import BoardPage, policy_reader
from services.board.policy import pages as policy
from services.board.service import Service
from shared.pages.application import add_routes, new_application
from shared.web import openapi
from shared.web.document_pages import add_docs
from shared.web.server import CallServer

_DESCRIPTION = """\
Cases as they are now: in pages, one by one, and as they change. All of it follows from the log.

- Every call needs an API key or, for a signed-in person, a signed token (`Authorization: Bearer …`).
- Calls change no case: reports go to intake, `POST /v1/cases/{case_id}/activity`. The one thing that a call can have it
  write is a dead letter, replayed by somebody with the scope `operate`.
"""


def server_of(service: Service) -> CallServer:
    """What the process runs. Raises BadSettings for the demo sign-in."""
    return CallServer(service, create_app(service))


def create_app(service: Service) -> FastAPI:
    """The application that serves the calls and the pages of `service`. Raises BadSettings for the demo sign-in."""
    app = new_application(
        service,
        title="Frontline board",
        description=_DESCRIPTION,
        templates=(pages.TEMPLATES, policy.TEMPLATES, operations.TEMPLATES),
        page=BoardPage,
    )
    add_routes(app, api.router.routes, *(router.routes for router in leads.routers), routes.router.routes)
    add_routes(app, operations.router_of(service).routes)
    add_routes(
        app,
        policy.policy_routes(
            rules=service.rules, pages=app.state.pages, reader=policy_reader, now=service.clock, base="reader.html"
        ),
    )
    add_docs(app)
    openapi.install(app, lambda: service.editions.effective_at(service.clock()), partial(document.build, app))
    return app
