"""Renders pages: Jinja templates with the sentences of the catalogues, under a strict content security policy.

Every value is escaped where it is put into a page. Pages run no script and no style but those of `Assets`.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.messages.messages import Messages
from shared.pages.assets import Assets
from shared.pages.moments import Moments

TEMPLATES = Path(__file__).parent / "templates"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Pages:
    """The templates of a service, in one or more folders, beside the frame that all services share."""

    def __init__(self, templates: Path, assets: Assets, *more: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader([templates, *more, TEMPLATES]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = assets.address

    def render(self, template: str, messages: Messages, moments: Moments, **values: Any) -> str:
        """The page. `t` in a template is the sentence of a code, `said` an instant as people say it."""
        found = self._environment.get_template(template)
        return found.render(t=messages, messages=messages, moments=moments, **values)
