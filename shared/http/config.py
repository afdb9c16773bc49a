"""uvicorn's configuration with our limits in it: the only way by which a protocol gets to know them."""

import uvicorn

from shared.http.connections import Connections
from shared.http.limits import HttpLimits
from shared.observability.health import AsgiApp


class ServerConfig(uvicorn.Config):
    """The configuration of one server."""

    def __init__(self, app: AsgiApp, limits: HttpLimits, grace_seconds: int, http: type) -> None:
        super().__init__(
            app,
            http=http,
            lifespan="off",  # a service starts and ends what it needs itself
            ws="none",
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
