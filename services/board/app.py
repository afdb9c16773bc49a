"""The web application of the board: its calls, and its pages beside them. The process adds health and metrics."""

from fastapi import FastAPI

from services.board import api, pages
from services.board.leads import routes as leads
from services.board.operations import pages as operations
from services.board.pages import routes
from services.board.pages.visit import policy_reader
from services.board.policy import pages as policy
from services.board.service import Service
from shared.pages import demo_sign_in
from shared.pages import routes as shared_routes
from shared.pages.assets import STATIC, Assets
from shared.pages.demo_host import read_demo_host
from shared.pages.rendering import Pages
from shared.web import cross_origin, problem
from shared.web.server import CallServer

_DESCRIPTION = """\
Cases as they are now: in pages, one by one, and as they change. It follows from the log, and never changes anything.

- Every call needs an API key or, for a signed-in person, a signed token (`Authorization: Bearer …`).
- Reports go to intake: `POST /v1/cases/{case_id}/activity`.
"""


def server_of(service: Service) -> CallServer:
    """What the process runs. Raises BadSettings for the demo sign-in."""
    return CallServer(service, create_app(service))


def create_app(service: Service) -> FastAPI:
    """The application that serves the calls and the pages of `service`. Raises BadSettings for the demo sign-in."""
    app = FastAPI(
        title="Frontline board",
        description=_DESCRIPTION,
        version="1",
        contact={"name": "Frontline"},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,  # FastAPI's pages load scripts from another host; ours need no scripts
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.assets = assets = Assets(STATIC)
    app.state.pages = Pages(pages.TEMPLATES, assets, policy.TEMPLATES, operations.TEMPLATES)
    routers = [
        api.router,
        *leads.routers,
        routes.router,
        operations.router_of(service),
        shared_routes.router_of(home="/"),
    ]
    if (file := service.settings.demo_sign_in_file) is not None:
        host = read_demo_host(file, service.gate.callers, service.settings.token_audience)
        routers.append(demo_sign_in.router_of(host, home="/"))
    for router in routers:  # flat, so that a 405 can name the methods of every route
        app.router.routes.extend(router.routes)
    app.router.routes.extend(
        policy.policy_routes(
            rules=service.rules, pages=app.state.pages, reader=policy_reader, now=service.clock, base="reader.html"
        )
    )
    cross_origin.install(app, service.settings.other_origins)
    problem.install(app)
    return app
