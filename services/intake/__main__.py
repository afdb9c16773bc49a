"""`python -m services.intake`: runs intake from its environment.

Exit codes: 0 after SIGTERM or SIGINT, 1 if the port cannot be had, 2 for bad settings.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn
import uvloop

from services.intake.app import Edge, create_app
from services.intake.keys import ApiKey
from services.intake.service import Service
from services.intake.settings import Settings
from shared.kafka.settings import BadSettings, load
from shared.observability import logs
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition
from shared.policy.mistakes import PolicyError

BAD_SETTINGS = 2
# These log each of their failed tries, several a second while Kafka is away; we say that once.
_CHATTY = ("aiokafka", "faststream")
GRACE_SECONDS = 3  # for calls under way; with what Kafka still has to take, the end comes within 5


class _Server(uvicorn.Server):
    """Leaves signals to us: a process that was asked to end, and did, has not failed."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for listener in server.sockets:
                host, port = listener.getsockname()[:2]
                logs.get_logger().info(f"Listening on {host}:{port}", action="http.listening", host=host, port=port)


async def _serve(settings: Settings, keys: tuple[ApiKey, ...], editions: EditionLibrary) -> None:
    service = Service(settings, keys, editions)
    server = _Server(
        uvicorn.Config(
            Edge(create_app(service), service),
            host=settings.http_host,
            port=settings.http_port,
            lifespan="on",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )

    def end() -> None:
        service.streams.close()
        server.should_exit = True

    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, end)
    await server.serve()


def main() -> int:
    """Read the settings, load the policy, serve until told to end."""
    try:
        settings = load(Settings)
        keys = settings.read_keys()
        editions = EditionLibrary(load_edition(name) for name in settings.policies)
    except BadSettings as error:
        print(error, file=sys.stderr)
        return BAD_SETTINGS
    except PolicyError as error:
        print("\n".join(f"FRONTLINE_POLICIES: {mistake}" for mistake in error.mistakes), file=sys.stderr)
        return BAD_SETTINGS
    logs.configure("intake", settings.log_level, settings.log_format)
    for library in _CHATTY:
        logging.getLogger(library).setLevel(logging.CRITICAL)
    gc.freeze()  # editions are large and live for ever: the garbage collector need not look at them again
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, keys, editions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
