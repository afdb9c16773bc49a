"""A service with callers as its process runs it: its web application, and its work beside it (`shared/process.py`)."""

from typing import Protocol

from shared.http.limits import HttpLimits
from shared.observability.health import AsgiApp, Readiness
from shared.web.edge import Edge
from shared.web.settings import WebSettings
from shared.web.stream import Streams


class WebService(Protocol):
    """What is behind the calls of one service."""

    @property
    def settings(self) -> WebSettings:
        """Have the limits of its HTTP server."""

    @property
    def readiness(self) -> Readiness:
        """The checks of `/readyz`."""

    @property
    def streams(self) -> Streams:
        """Its open event streams."""

    async def run(self) -> None:
        """Do its work beside the calls until cancelled."""


class CallServer:
    """A `shared.process.Service`: it ends calls in progress first, and then the work beside them."""

    call_grace_seconds = 3  # with `flush_seconds`, the process ends within 5 seconds
    flush_seconds: float | None = 1.5

    def __init__(self, service: WebService, app: AsgiApp, *, websockets: bool = False) -> None:
        self._service = service
        self.app: AsgiApp = Edge(app)
        self.websockets = websockets
        self.limits: HttpLimits = service.settings.http_limits

    @property
    def readiness(self) -> Readiness:
        """The checks of `/readyz`."""
        return self._service.readiness

    async def run(self) -> None:
        """Do the work of the service: read topics, and publish what calls bring."""
        await self._service.run()

    def stop(self) -> None:
        """End the event streams, which would otherwise outlast `call_grace_seconds`."""
        self._service.streams.close()
