"""The web server of a service: a listening socket, an application, and the limits of its connections."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from shared.http.config import ServerConfig
from shared.http.limits import HttpLimits
from shared.http.protocol import LimitedProtocol
from shared.http.websocket import LimitedWebSocket
from shared.observability.health import AsgiApp


class WebServer(uvicorn.Server):
    """Serves `app`; calls that are under way at the end get `grace_seconds`.

    With `websockets`, `app` is asked about each handshake too, by the scope "websocket".

    Leaves signals to the process: one that was asked to end, and did, has not failed.
    """

    def __init__(self, app: AsgiApp, limits: HttpLimits, grace_seconds: int, *, websockets: bool = False) -> None:
        websocket = LimitedWebSocket if websockets else None
        super().__init__(ServerConfig(app, limits, grace_seconds, LimitedProtocol, websocket))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0 = a free one. Raises OSError."""
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
