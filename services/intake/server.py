"""Intake as the process runs it: its web application, with what goes on beside the calls."""

from services.intake.app import Edge, create_app
from services.intake.service import Service
from shared.http.limits import HttpLimits
from shared.observability.health import AsgiApp, Readiness


class IntakeServer:
    """A `shared.process.Service`: calls in progress are answered first, then Kafka takes what is on its way to it."""

    call_grace_seconds = 3  # with `flush_seconds`, the end comes within 5 seconds
    flush_seconds: float | None = 1.5

    def __init__(self, service: Service) -> None:
        self._service = service
        self.app: AsgiApp = Edge(create_app(service))
        self.limits: HttpLimits = service.settings.http_limits

    @property
    def readiness(self) -> Readiness:
        """What `/readyz` shows."""
        return self._service.readiness

    async def run(self) -> None:
        """Publish, and keep the views."""
        await self._service.run()

    def stop(self) -> None:
        """End the event streams, which would otherwise outlast the grace of calls."""
        self._service.streams.close()
