"""`python -m services.intake`: runs intake from its environment.

Exit codes: 0 after SIGTERM or SIGINT, 1 if the port cannot be had or something failed that nobody expected, 2 for bad
settings or a policy that cannot be used.
"""

import asyncio
import gc
import logging
import signal
import socket
import sys

import uvloop

from services.intake.server import serve, server_of
from services.intake.service import Service
from services.intake.settings import Settings
from shared.http.server import listen
from shared.kafka.settings import BadSettings, load
from shared.observability import logs
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition
from shared.policy.mistakes import PolicyError

ENDED, FAILED, BAD_SETTINGS = 0, 1, 2
# These log each of their failed tries, several a second while Kafka is away; we say that once.
_CHATTY = ("aiokafka", "faststream")

_log = logs.get_logger()


async def _main(settings: Settings, service: Service, listener: socket.socket) -> None:
    server = server_of(service)

    def end(sign: signal.Signals) -> None:
        _log.info(f"{sign.name}: finishing what is open", action="service.ending")
        service.streams.close()
        server.should_exit = True

    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, end, sign)
    await serve(service, server, listener)
    _log.info("Ended in good order", action="service.ended")


def main() -> int:
    """Read the settings, load the policy, serve until told to end; returns the exit code."""
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
    try:
        listener = listen(settings.http_host, settings.http_port)
    except OSError as error:
        where = f"{settings.http_host}:{settings.http_port}"
        _log.error(f"Cannot listen on {where}: {error.strerror or error}", action="http.failed")
        return FAILED
    gc.freeze()  # editions are large and live for ever: the garbage collector need not look at them again
    with listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_main(settings, Service(settings, keys, editions), listener))
        except Exception:
            _log.exception("Intake failed", action="service.failed")
            return FAILED
    return ENDED


if __name__ == "__main__":
    sys.exit(main())
