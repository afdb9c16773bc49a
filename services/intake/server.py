"""The web server around a service: from a listening socket to an orderly end."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from services.intake.app import Edge, create_app
from services.intake.service import Service
from shared.observability import logs

GRACE_SECONDS = 3  # for calls under way; with what Kafka still has to take, the end comes within 5
FLUSH_SECONDS = 1.5

_log = logs.get_logger()


class IntakeServer(uvicorn.Server):
    """Leaves signals to us: a process that was asked to end, and did, has not failed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_of(service: Service) -> IntakeServer:
    """The web server that answers for `service`."""
    return IntakeServer(
        uvicorn.Config(
            Edge(create_app(service), service),
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


async def serve(service: Service, server: IntakeServer, listener: socket.socket) -> None:
    """Answer calls until `server.should_exit`, or until the service fails, which raises what it failed of."""
    host, port = listener.getsockname()[:2]
    _log.info(f"Listening on {host}:{port}", action="http.listening", host=host, port=port)
    serving = asyncio.create_task(server.serve([listener]))
    running = asyncio.create_task(service.run())
    await asyncio.wait([serving, running], return_when=asyncio.FIRST_COMPLETED)
    service.streams.close()
    server.should_exit = True
    await serving
    running.cancel()  # what is under way to Kafka is flushed before it ends
    await asyncio.wait([running], timeout=FLUSH_SECONDS)
    if running.done() and not running.cancelled():
        running.result()


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0 = a free one. Raises OSError."""
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
