"""uvicorn's configuration with our limits in it: the only way by which a protocol gets to know them."""

import asyncio

import uvicorn

from shared.http.connections import Connections
from shared.http.limits import HttpLimits
from shared.observability.health import AsgiApp


class ServerConfig(uvicorn.Config):
    """The configuration of one server. Without a protocol for WebSockets, a handshake is answered as a plain GET."""

    def __init__(
        self,
        app: AsgiApp,
        limits: HttpLimits,
        grace_seconds: int,
        http: type[asyncio.Protocol],
        websocket: type[asyncio.Protocol] | None,
    ) -> None:
        super().__init__(
            app,
            http=http,
            lifespan="off",  # a service starts and ends what it needs itself
            ws=websocket or "none",
            ws_max_size=limits.message_bytes,
            ws_ping_interval=limits.ping_seconds,
            ws_ping_timeout=limits.pong_seconds,
            ws_per_message_deflate=False,  # a connection would keep some 35 KiB for it
            interface="asgi3",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=limits.keep_alive_seconds,
            timeout_graceful_shutdown=grace_seconds,
        )
        self.limits = limits
        self.connections = Connections(limits)
