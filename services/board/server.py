"""The board as the process runs it: its web application and the reading of the log."""

from services.board.app import create_app
from services.board.service import Service
from shared.http.limits import HttpLimits
from shared.observability.health import AsgiApp, Readiness
from shared.web.edge import Edge


class BoardServer:
    """A `shared.process.Service`: it ends calls in progress first, and then the transaction in progress."""

    websockets = False
    call_grace_seconds = 3  # with `flush_seconds`, the process ends within 5 seconds
    flush_seconds: float | None = 1.5

    def __init__(self, service: Service) -> None:
        self._service = service
        self.app: AsgiApp = Edge(create_app(service))
        self.limits: HttpLimits = service.settings.http_limits

    @property
    def readiness(self) -> Readiness:
        """The checks of `/readyz`."""
        return self._service.readiness

    async def run(self) -> None:
        """Read the log."""
        await self._service.run()

    def stop(self) -> None:
        """End the event streams, which would otherwise outlast `call_grace_seconds`."""
        self._service.streams.close()
