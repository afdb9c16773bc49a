"""What pages need of the service whose pages they are."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from fastapi.requests import HTTPConnection

from shared.policy.editions import EditionLibrary
from shared.web.gate import Gate
from shared.web.settings import WebSettings


class Site(Protocol):
    """A service with pages. Its web application has it as `app.state.service`, beside `assets` and `pages`."""

    @property
    def settings(self) -> WebSettings:
        """Whom its forms admit, and how often."""

    @property
    def gate(self) -> Gate:
        """Who is let in."""

    @property
    def editions(self) -> EditionLibrary:
        """The configured editions. The one in force has the languages of pages and the words on them."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """What dates its pages."""

    @property
    def id_secrets(self) -> tuple[bytes, ...]:
        """Make the hashes that forms carry: the first those of now, all those of before."""


def site_of(connection: HTTPConnection) -> Site:
    """The service whose application serves that call, or that WebSocket."""
    site: Site = connection.app.state.service
    return site
