"""A real intake for tests: in this process, over real HTTP, on a real Kafka; and what it wrote to the topics."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from services.intake.app import server_of
from services.intake.service import Service
from services.intake.settings import Settings
from shared import process
from shared.contracts.topics import Topic
from shared.http.server import WebServer, listen
from shared.kafka.committed_reader import read_to_end
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output, Record
from shared.kafka.settings import KafkaSettings
from shared.kafka.tail import Tail
from shared.kafka.topic_admin import apply_topics
from shared.policy.editions import EditionLibrary
from tests.harness.asking import FIELDS
from tests.harness.processes import eventually
from tests.harness.shipped import shipped_edition

EVERY_SCOPE = ("submit", "agent", "backfill", "admin")
ID_SECRET = "a secret for tests that is long enough"
# One client for each way of being entitled; the key of a client is its name with a prefix.
CLIENTS: Mapping[str, Mapping[str, Any]] = {
    "all": {"scopes": EVERY_SCOPE, "rate": None},
    "other": {"scopes": EVERY_SCOPE[:1], "rate": None},
    **{scope: {"scopes": [scope], "rate": None} for scope in EVERY_SCOPE},
    "agent-backfill": {"scopes": ["agent", "backfill"], "rate": None},
    "robot": {"scopes": ["agent"], "rate": None, "actor": "bot"},
    "hurried": {"scopes": ["submit"], "rate": "3/hour"},
}


def key_of(client: str) -> str:
    """The API key of one of CLIENTS."""
    return f"fl_test-key-of-{client}"


def api_keys() -> str:
    """FRONTLINE_API_KEYS that admits CLIENTS."""
    return json.dumps(
        [
            {"name": name, "sha256": hashlib.sha256(key_of(name).encode()).hexdigest(), **entry}
            for name, entry in CLIENTS.items()
        ]
    )


@cache
def editions() -> EditionLibrary:
    """The edition that ships as the default."""
    return EditionLibrary.single(shipped_edition("guidelines-2021"))


@dataclass(frozen=True)
class Intake:
    """A running intake."""

    url: str
    bootstrap: str
    service: Service
    server: WebServer

    def client(self, name: str = "all", **headers: str) -> httpx.AsyncClient:
        """An HTTP client with the key of one of CLIENTS."""
        return httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {key_of(name)}", **headers}, timeout=20
        )


@asynccontextmanager
async def running_intake(
    bootstrap: str,
    *,
    wait: bool = True,
    library: EditionLibrary | None = None,
    clock: Callable[[], datetime] | None = None,
    **given: Any,
) -> AsyncIterator[Intake]:
    """An intake on the Kafka at `bootstrap`; ready, and with its views read, unless `wait` is false.

    `library` has its editions; by default the one that ships as the default. `clock` is what dates its calls.
    """
    settings = Settings(**{"kafka_bootstrap": bootstrap, "api_keys": api_keys(), "id_secret": ID_SECRET} | given)
    service = Service(settings, settings.read_callers(), library or editions(), clock)
    runnable = server_of(service)
    server = process.web_server(runnable)
    with listen("127.0.0.1", 0) as listener:
        serving = asyncio.create_task(process.serve(runnable, server, listener))
        intake = Intake(f"http://127.0.0.1:{listener.getsockname()[1]}", bootstrap, service, server)
        try:
            await eventually(lambda: server.started, 30, "intake listens")
            if wait:
                await eventually(lambda: is_settled(service), 30, "intake is connected and has read its views")
            yield intake
        finally:
            server.should_exit = True
            await serving


class Never(asyncio.Event):
    """The end of topics that are still read, however often a service finds it."""

    def set(self) -> None:
        """The end of the topics is not reached."""


@contextmanager
def catching_up(tail: Tail) -> Iterator[None]:
    """Meanwhile the view of `tail` is still read, as after a start."""
    before, tail.caught_up = tail.caught_up, Never()
    try:
        yield
    finally:
        tail.caught_up = before


def is_settled(service: Service) -> bool:
    """Whether records can be published and the views have been read."""
    tails = (service.request_ids.tail, service.requests_tail, service.accounts_tail, service.editions_tail)
    return service.readiness.ready and all(tail.caught_up.is_set() for tail in tails)


async def topics_at(bootstrap: str) -> None:
    """Make every topic of the registry."""
    await apply_topics(KafkaSettings(kafka_bootstrap=bootstrap))


async def log_of(bootstrap: str, topic: Topic) -> list[Record]:
    """Every committed record of `topic`, by partition and offset."""
    found = [record async for record in read_to_end(KafkaSettings(kafka_bootstrap=bootstrap), [topic.name])]
    return sorted(found, key=lambda record: (record.partition, record.offset))


async def write(bootstrap: str, outputs: Sequence[Output], partitions: int = 6) -> None:
    """Publish `outputs` in order, as another service would."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        for output in outputs:
            assert output.key is not None
            await producer.send_and_wait(
                output.topic,
                output.value,
                key=output.key,
                partition=partition_for(output.key, partitions),
                headers=list(output.headers),
            )
    finally:
        await producer.stop()


def submission(**given: Any) -> dict[str, Any]:
    """A complete body of POST /v1/support-requests; `given` replaces what it says, ... leaves something out.

    The fields of the request may be given by their own names.
    """
    claims = {**FIELDS, **{name: given.pop(name) for name in FIELDS if name in given}}
    body = {
        "account_id": "acme",
        "requester": {"requester_id": "u1", "role": "admin", "licensed": True, "name": "Ana", "email": "ana@acme.test"},
        "channel": "web_ticket",
        "subject": "Calls drop",
        "description": "Since ten o'clock every call drops after a minute.",
        "fields": {name: value for name, value in claims.items() if value is not ...},
        **given,
    }
    return {name: value for name, value in body.items() if value is not ...}
