"""Answers that are pages: with the frame, the sentences of the reader's language, and the strict headers."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from starlette.responses import HTMLResponse, Response

from shared.pages.moments import Moments, own_name
from shared.pages.rendering import HEADERS, Pages
from shared.pages.site import Site
from shared.pages.visit import Visit
from shared.web.errors import Refusal, Unauthenticated
from shared.web.problem import REFUSED


def render(
    visit: Visit[Site],
    template: str,
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    moments: Moments | None = None,
    **values: Any,
) -> Response:
    """The page of `template`, in the reader's language, and in their zone unless `moments` has another.

    It says to be in the language of its sentences, which is the fallback where no catalogue has the reader's.
    """
    html = html_of(visit, template, moments or Moments(visit.messages.language, visit.zone or UTC), **values)
    return HTMLResponse(html, status, {**HEADERS, "Content-Language": visit.messages.language, **(headers or {})})


def html_of(visit: Visit[Site], template: str, moments: Moments, **values: Any) -> str:
    """The text of a page, or of a part of one."""
    pages: Pages = visit.connection.app.state.pages
    given = {"visit": visit, "now": visit.service.clock(), "own_name": own_name, **values}
    return pages.render(template, visit.messages, moments, **given)


def refused(visit: Visit[Site], refusal: Refusal, text: str = "") -> Response:
    """The page of a refusal: what happened, and what to do. `text` is what was typed and would be lost."""
    REFUSED.labels(refusal.kind).inc()
    status = 403 if isinstance(refusal, Unauthenticated) else refusal.status
    return visit.keep(render(visit, "refused.html", status, refusal=refusal, text=text, headers=refusal.headers))
