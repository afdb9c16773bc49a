"""The web application of a service with pages: what every such service has, and the routes of its own.

The process adds health and metrics.
"""

from collections.abc import Iterable
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import BaseRoute

from shared.pages import demo_sign_in, routes
from shared.pages.assets import STATIC, Assets
from shared.pages.demo_host import read_demo_host
from shared.pages.page import Page
from shared.pages.rendering import Pages
from shared.pages.site import Site
from shared.web import cross_origin, hosts, problem

HOME = "/"  # the page of whoever has signed in


def new_application(
    site: Site,
    *,
    title: str,
    description: str,
    templates: tuple[Path, ...],
    page: type[Page] = Page,
) -> FastAPI:
    """The application of `site`, with all but the routes of its own: its pages are made of `templates`.

    It has signing in and out, the demo sign-in page if the settings name its file, style sheets and scripts. Every
    error is answered with a problem document, or to a browser with a `page` of it. Raises BadSettings for the demo
    sign-in.
    """
    app = FastAPI(
        title=title,
        description=description,
        version="1",
        contact={"name": "Frontline"},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,  # FastAPI's pages load scripts from another host; ours need no scripts
        redoc_url=None,
        redirect_slashes=False,
    )
    first, *others = templates
    app.state.service = site
    app.state.assets = assets = Assets(STATIC)
    app.state.pages = Pages(first, assets, *others)
    add_routes(app, routes.router_of(home=HOME).routes)
    if (file := site.settings.demo_sign_in_file) is not None:
        host = read_demo_host(file, site.gate.callers, site.settings.token_audience)
        add_routes(app, demo_sign_in.router_of(host, home=HOME).routes)
    cross_origin.install(app, site.settings.other_origins)
    hosts.install(app, site.settings.hosts)
    problem.install(app, page.of_refusal)
    return app


def add_routes(app: FastAPI, *groups: Iterable[BaseRoute]) -> None:
    """Add routes flat, and not as routers within the application's: so a 405 can name the methods of every route."""
    for routes_of_group in groups:
        app.router.routes.extend(routes_of_group)
