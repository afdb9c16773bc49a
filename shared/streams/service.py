"""A service that runs tasks: what it is made of, and how a process runs it (`shared/process.py`).

A service's `__main__` makes a `TaskService` and runs it as a `TaskServer`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from faststream.asgi import AsgiFastStream, AsgiResponse, get

from shared.contracts.topics import Topic, changelog, dead_letter
from shared.http.limits import TASK_SERVICE_CONNECTIONS, HttpLimits, http_limits
from shared.kafka.asyncapi import asyncapi
from shared.kafka.settings import KafkaSettings
from shared.observability.health import AsgiApp, Readiness
from shared.streams.measuring import Observer
from shared.streams.processor import Processor
from shared.streams.runtime import Runtime
from shared.streams.service_settings import TaskServiceSettings
from shared.streams.state_store import StoreFactory, in_memory


@dataclass(frozen=True, slots=True)
class TaskService:
    """What a service is made of. `factory` makes the processor of a partition, `make_store` its state stores;
    `observer` watches the running processors.
    """

    name: str
    description: str
    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...]
    stores: tuple[str, ...]
    factory: Callable[[int], Processor]
    observer: Observer | None = None
    make_store: StoreFactory = in_memory

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Every topic that has to exist, dead letters and changelogs included."""
        dead_letters = (dead_letter(topic) for topic in self.reads)
        return (*self.reads, *self.writes, *dead_letters, *(changelog(self.name, store) for store in self.stores))


class TaskServer:
    """A `shared.process.Service`: health is answered until the tasks have committed and left the group."""

    websockets = False
    call_grace_seconds = 1
    flush_seconds: float | None = None

    def __init__(self, service: TaskService, settings: TaskServiceSettings) -> None:
        self.readiness = Readiness()
        self.app: AsgiApp = document_app(service, settings)
        self.limits: HttpLimits = http_limits(at_most=TASK_SERVICE_CONNECTIONS)
        self._runtime = Runtime(
            service.name,
            service.factory,
            settings,
            self.readiness,
            sources=service.reads,
            topics=service.topics,
            observer=service.observer,
            make_store=service.make_store,
        )

    async def run(self) -> None:
        """Run the tasks until `stop`; what is in progress is finished and committed, and the group left."""
        await self._runtime.run()

    def stop(self) -> None:
        """Begin to end."""
        self._runtime.stop()


def document_app(service: TaskService, settings: KafkaSettings) -> AsgiApp:
    """`/asyncapi`: read-only, nothing can be published from it."""
    title = f"Frontline {service.name}"
    document = asyncapi(title, service.description, settings, service.reads, service.writes)

    @get(include_in_schema=False)
    async def events() -> AsgiResponse:
        return AsgiResponse(document, 200, {"content-type": "application/json"})

    return AsgiFastStream(asgi_routes=[("/asyncapi", events)], logger=None)
