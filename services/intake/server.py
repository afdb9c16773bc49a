"""The web server around a service: from a listening socket to an orderly end."""

import asyncio
import socket

from services.intake.app import Edge, create_app
from services.intake.service import Service
from shared.http.server import WebServer
from shared.observability import logs

GRACE_SECONDS = 3  # for calls under way; with what Kafka still has to take, the end comes within 5
FLUSH_SECONDS = 1.5

_log = logs.get_logger()


def server_of(service: Service) -> WebServer:
    """The web server that answers for `service`."""
    return WebServer(Edge(create_app(service), service), service.settings.http_limits, GRACE_SECONDS)


async def serve(service: Service, server: WebServer, listener: socket.socket) -> None:
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
