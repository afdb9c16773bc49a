"""A service that runs tasks, as a process: settings, logs, the tasks, health over HTTP, and an orderly end.

A service's `__main__` reads its settings, makes a `TaskService` and returns what `run` returns.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

import uvloop
from faststream.asgi import AsgiFastStream, AsgiResponse, get

from shared.contracts.topics import Topic, changelog, dead_letter
from shared.http.limits import http_limits
from shared.http.server import WebServer, listen
from shared.kafka.asyncapi import asyncapi
from shared.observability import logs
from shared.observability.health import AsgiApp, Readiness, ops_routes
from shared.streams.processor import Processor
from shared.streams.runtime import Observer, Runtime
from shared.streams.service_settings import TaskServiceSettings
from shared.streams.state_store import StoreFactory, in_memory

ENDED, FAILED, BAD_SETTINGS = 0, 1, 2  # exit codes of a service

_log = logs.get_logger()
_HTTP_GRACE_SECONDS = 1
_HTTP_CONNECTIONS = 128  # only probes and scrapers call
# These log each of their failed tries, several a second while Kafka is away; the runtime says it once.
_CHATTY = ("aiokafka", "faststream")


@dataclass(frozen=True, slots=True)
class TaskService:
    """What a service is made of. `factory` makes the processor of a partition, `make_store` its state stores; `observe`
    is called every second.
    """

    name: str
    description: str
    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...]
    stores: tuple[str, ...]
    factory: Callable[[int], Processor]
    observe: Observer | None = None
    make_store: StoreFactory = in_memory

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Every topic that has to be there, dead letters and changelogs included."""
        dead_letters = (dead_letter(topic) for topic in self.reads)
        return (*self.reads, *self.writes, *dead_letters, *(changelog(self.name, store) for store in self.stores))


def run(service: TaskService, settings: TaskServiceSettings) -> int:
    """Run `service` until SIGTERM or SIGINT; returns the exit code of the process.

    0 after a signal, when everything is finished, committed and left; 1 if the HTTP port cannot be had or something
    failed that nobody expected. A second signal does not wait.
    """
    logs.configure(service.name, settings.log_level, settings.log_format)
    for library in _CHATTY:
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        listener = listen(settings.http_host, settings.http_port)
    except OSError as error:
        where = f"{settings.http_host}:{settings.http_port}"
        _log.error(f"Cannot listen on {where}: {error.strerror or error}", action="http.failed")
        return FAILED
    with listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_serve(service, settings, listener))
        except Exception:
            _log.exception("The service failed", action="service.failed")
            return FAILED
    return ENDED


async def _serve(service: TaskService, settings: TaskServiceSettings, listener: socket.socket) -> None:
    readiness = Readiness()
    runtime = Runtime(
        service.name,
        service.factory,
        settings,
        readiness,
        sources=service.reads,
        topics=service.topics,
        observe=service.observe,
        make_store=service.make_store,
    )
    server = WebServer(
        ops_app(service, settings.kafka_bootstrap, readiness),
        http_limits(at_most=_HTTP_CONNECTIONS),
        _HTTP_GRACE_SECONDS,
    )
    host, port = listener.getsockname()[:2]
    _log.info(f"Listening on {host}:{port}", action="http.listening", host=host, port=port)
    _on_signal(runtime.stop)
    serving = asyncio.create_task(server.serve([listener]))
    running = asyncio.create_task(runtime.run())
    try:
        await asyncio.wait([serving, running], return_when=asyncio.FIRST_COMPLETED)
    finally:
        runtime.stop()
        try:
            await running
        finally:
            server.should_exit = True
            await serving
    _log.info("Ended in good order", action="service.ended")


def ops_app(service: TaskService, bootstrap: str, readiness: Readiness) -> AsgiApp:
    """`/livez`, `/readyz`, `/metrics`, and `/asyncapi`: read-only, nothing can be published from it."""
    title = f"Frontline {service.name}"
    document = asyncapi(title, service.description, bootstrap, service.reads, service.writes)

    @get(include_in_schema=False)
    async def events() -> AsgiResponse:
        return AsgiResponse(document, 200, {"content-type": "application/json"})

    return AsgiFastStream(asgi_routes=[*ops_routes(readiness), ("/asyncapi", events)], logger=None)


def _on_signal(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def first(sign: signal.Signals) -> None:
        _log.info(f"{sign.name}: finishing what is open", action="service.ending")
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
        stop()

    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, first, sign)
