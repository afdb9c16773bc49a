"""The life of a service process, the same for every service: settings, logs, HTTP, signals, an orderly end, exit codes.

1. Load the catalogues, read the settings and prepare the service; each mistake is one line, and the exit code is 2.
2. Configure logs, and quieten the libraries that log each of their failed tries.
3. Open the listening socket, or end with one line and exit code 1.
4. Serve HTTP and run the service side by side. `/livez`, `/readyz` and `/metrics` are answered in front of its routes.
5. At the first SIGTERM or SIGINT finish what is in progress; a second one ends the process at once.
6. Exit code 0 after a signal, 1 if the service failed: with one line if that can be mended outside of it, otherwise
   with its traceback.
"""

import asyncio
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import uvloop

from shared.http.limits import TASK_SERVICE_CONNECTIONS, HttpLimits, http_limits
from shared.http.server import WebServer, listen
from shared.http.service_settings import ServiceSettings
from shared.kafka.faults import InstanceReplaced
from shared.messages.catalogues import BadCatalogue, load_all
from shared.observability import logs
from shared.observability.health import AsgiApp, Readiness, Receive, Scope, Send, not_found, ops_routes
from shared.policy.mistakes import PolicyError
from shared.settings import BadSettings, load_with_documents

ENDED, FAILED, BAD_SETTINGS = 0, 1, 2  # exit codes of a service
CHECK = "--check"

# While Kafka is unavailable these log each of their failed tries, several a second; a service logs the outage once.
_CHATTY = ("aiokafka", "faststream")

_log = logs.get_logger()


class CannotRun(Exception):
    """Root of the errors for which a service ends though nothing is wrong with its code, and that need somebody to act.

    The message is the one line that the log has, and says what to do.
    """


class Service(Protocol):
    """What a process runs: an ASGI application of its own, and one coroutine beside it.

    With `flush_seconds` None, HTTP is served until `run` has returned after `stop`: health is answered to the end.
    With a number, the calls in progress are answered first; then `run` is cancelled and has so long to flush.
    """

    @property
    def app(self) -> AsgiApp:
        """Answers every call but those of health and metrics."""

    @property
    def readiness(self) -> Readiness:
        """What `/readyz` shows."""

    @property
    def limits(self) -> HttpLimits:
        """The limits of the HTTP server."""

    @property
    def websockets(self) -> bool:
        """Whether its application takes WebSockets. If not, a handshake is answered as a plain GET."""

    @property
    def call_grace_seconds(self) -> int:
        """How long the calls in progress may take once the server ends."""

    @property
    def flush_seconds(self) -> float | None:
        """Which ends first, HTTP or `run`: see the class."""

    async def run(self) -> None:
        """Do the work. Returning without a `stop` ends the process; raising makes it fail."""

    def stop(self) -> None:
        """Begin to end. May be called more than once."""


@dataclass(frozen=True)
class BackgroundService:
    """A `Service` without HTTP of its own: health and metrics are answered, every other path is 404.

    At the end, `run` is cancelled and may take `flush_seconds` to clean up.
    """

    readiness: Readiness
    run: Callable[[], Coroutine[Any, Any, None]]
    app: AsgiApp = not_found
    limits: HttpLimits = field(default_factory=lambda: http_limits(at_most=TASK_SERVICE_CONNECTIONS))
    websockets: bool = False
    call_grace_seconds: int = 1
    flush_seconds: float | None = 1.5

    def stop(self) -> None:
        """Nothing to do before `run` is cancelled."""


_Settings = TypeVar("_Settings", bound=ServiceSettings)


def main(name: str, kind: type[_Settings], prepare: Callable[[_Settings], Service]) -> int:
    """Run the service `name` from its environment until it ends; returns the exit code of the process.

    `prepare` makes the service from its settings; it may raise BadSettings or PolicyError. With the argument `--check`
    the process ends there, with exit code 0 if all settings are right: nothing is connected to, and nothing listens.
    """
    words = sys.argv[1:]
    if words not in ([], [CHECK]):
        print(f"services.{name} takes no arguments but {CHECK}, which only checks the settings", file=sys.stderr)
        return BAD_SETTINGS
    try:
        settings = _read(kind)
        service = prepare(settings)
    except BadSettings as error:
        print(error, file=sys.stderr)
        return BAD_SETTINGS
    except PolicyError as error:
        print("\n".join(f"FRONTLINE_POLICIES: {mistake}" for mistake in error.mistakes), file=sys.stderr)
        return BAD_SETTINGS
    return ENDED if words else run(name, service, settings)


def _read(kind: type[_Settings]) -> _Settings:
    """The settings, once the catalogues are loaded. Raises BadSettings with the mistakes of both."""
    lines = []
    try:
        load_all()
    except BadCatalogue as error:
        lines.append(str(error))
    try:
        settings = load_with_documents(kind)
    except BadSettings as error:
        lines.append(str(error))
    if lines:
        raise BadSettings("\n".join(lines))
    return settings


def run(name: str, service: Service, settings: ServiceSettings) -> int:
    """Run `service` until SIGTERM or SIGINT, or until it ends by itself; returns the exit code of the process."""
    logs.configure(name, settings.log_level, settings.log_format)
    for library in _CHATTY:
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        listener = listen(settings.http_host, settings.http_port)
    except OSError as error:
        where = f"{settings.http_host}:{settings.http_port}"
        _log.error(f"Cannot listen on {where}: {error.strerror or error}", action="http.failed")
        return FAILED
    gc.freeze()  # editions are large and live as long as the process: the garbage collector need not visit them
    with listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_until_signalled(service, listener))
        except InstanceReplaced as error:
            _log.error(str(error), action="instance.replaced")
            return FAILED
        except Exception as error:
            _report(error)
            return FAILED
    return ENDED


def _report(error: Exception) -> None:
    """Log what a service failed with; tasks beside each other fail with a group of errors."""
    alone = error
    while isinstance(alone, ExceptionGroup) and len(alone.exceptions) == 1:
        alone = alone.exceptions[0]
    if isinstance(alone, CannotRun):
        _log.error(str(alone), action="service.cannot_run", kind=type(alone).__name__)
    else:
        _log.exception("The service failed", action="service.failed", exc_info=error)


def web_server(service: Service) -> WebServer:
    """The web server of `service`, with health and metrics in front of its application."""
    return WebServer(with_health(service), service.limits, service.call_grace_seconds, websockets=service.websockets)


async def serve(service: Service, server: WebServer, listener: socket.socket) -> None:
    """Serve HTTP and run `service`, until either ends or the server is asked to; then end the other in order.

    Raises what the service failed with.
    """
    host, port = listener.getsockname()[:2]
    _log.info(f"Listening on {host}:{port}", action="http.listening", host=host, port=port)
    serving = asyncio.create_task(server.serve([listener]))
    running = asyncio.create_task(service.run())
    try:
        await asyncio.wait([serving, running], return_when=asyncio.FIRST_COMPLETED)
    finally:
        service.stop()
        if service.flush_seconds is None:
            await _end_work_first(running, serving, server)
        else:
            await _end_calls_first(running, serving, server, service.flush_seconds)


async def _end_work_first(running: "asyncio.Task[None]", serving: "asyncio.Task[None]", server: WebServer) -> None:
    try:
        await running
    finally:
        server.should_exit = True
        await serving


async def _end_calls_first(
    running: "asyncio.Task[None]", serving: "asyncio.Task[None]", server: WebServer, flush_seconds: float
) -> None:
    server.should_exit = True
    await serving
    running.cancel()
    await asyncio.wait([running], timeout=flush_seconds)
    if running.done() and not running.cancelled():
        running.result()


async def _until_signalled(service: Service, listener: socket.socket) -> None:
    server, loop = web_server(service), asyncio.get_running_loop()

    def end(sign: signal.Signals) -> None:
        _log.info(f"{sign.name}: finishing what is in progress", action="service.ending")
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)  # Python's own handler of SIGINT would wait for the work as well
        service.stop()
        if service.flush_seconds is not None:
            server.should_exit = True

    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, end, sign)
    await serve(service, server, listener)
    _log.info("Ended in good order", action="service.ended")


def with_health(service: Service) -> AsgiApp:
    """Health and metrics need nothing of the service's own application, and answer although that fails."""
    health, app = dict(ops_routes(service.readiness)), service.app

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and scope["path"] in health:
            await health[scope["path"]](scope, receive, send)
        else:
            await app(scope, receive, send)

    return answer
