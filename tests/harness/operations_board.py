"""A board in this process, on a real Kafka under a namespace of its own, for the pages of operators."""

import asyncio
import hashlib
import html
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaProducer

from services.board.app import server_of
from services.board.service import Service
from services.board.settings import Settings
from shared import process
from shared.contracts.topics import Topic
from shared.http.server import listen
from shared.identity.minting import public_part
from shared.identity.person import Person
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics
from shared.pages.visit import PERSON
from tests.harness.described_answers import wrong
from tests.harness.intake import ID_SECRET, editions
from tests.harness.processes import eventually
from tests.harness.sign_in import HOST, KEY, token_of

VIEWER = Person(HOST, "lead-1", ("view",), name="Lin")
OPERATOR = Person(HOST, "operator-1", ("view", "operate"), name="Oz")
CUSTOMER = Person(HOST, "u1", ("submit",), "acme", "admin", True, "Ana")
PARTITIONS = 2
WITHIN = 60.0  # seconds for the services beside it, and for the board to read what they wrote
API_KEY = "fl_test-key-of-the-operators"


@dataclass(frozen=True)
class OperationsBoard:
    """A running board."""

    url: str
    kafka: KafkaSettings
    service: Service
    producer: AIOKafkaProducer

    def client(self, person: Person | None = VIEWER) -> httpx.AsyncClient:
        """A browser of that person, without scripts; None = a program with an API key of the scope admin."""
        if person is None:
            return httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {API_KEY}"}, timeout=30)
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"Origin": self.url, "Accept-Language": "en"},
            cookies={PERSON: token_of(person)},
            timeout=30,
        )

    async def document(self) -> Any:
        """What it says of its calls."""
        async with self.client(None) as http:
            return (await http.get("/openapi.json")).json()

    async def state(self, query: str = "") -> dict[str, Any]:
        """What `GET /v1/operations` answers, which is as the document describes it."""
        async with self.client(None) as http:
            answer = await http.get(f"/v1/operations{query}")
        assert answer.status_code == 200, answer.text
        assert wrong(await self.document(), "/v1/operations", answer) == []
        found: dict[str, Any] = answer.json()
        return found

    async def page(self, address: str, person: Person = VIEWER, status: int = 200) -> str:
        """What the page there says to that person, answered with that status."""
        async with self.client(person) as http:
            answer = await http.get(address)
        assert answer.status_code == status, answer.text
        return html.unescape(answer.text)

    async def write(self, output: Output) -> tuple[int, int]:
        """One record, as another program writes it; its partition and offset."""
        topic = self.kafka.names.physical(output.topic)
        partition = (
            partition_for(output.key or b"", self.kafka.partitions) if output.partition is None else output.partition
        )
        sent = await self.producer.send_and_wait(
            topic, output.value, key=output.key, partition=partition, headers=list(output.headers)
        )
        return sent.partition, sent.offset

    async def garbage(self, topic: Topic, key: bytes, text: bytes) -> str:
        """A record that no service can read; its place."""
        partition, offset = await self.write(Output(topic.name, key, text, (("ce_type", b"frontline.nothing.v1"),)))
        return f"{topic.name}:{partition}:{offset}"

    def environment(self) -> dict[str, str]:
        """That of a service process beside it."""
        return {
            "FRONTLINE_KAFKA_BOOTSTRAP": self.kafka.kafka_bootstrap,
            "FRONTLINE_NAMESPACE": self.kafka.namespace,
            "FRONTLINE_PARTITIONS": str(PARTITIONS),
        }


@asynccontextmanager
async def running_operations_board(
    bootstrap: str,
    folder: Path,
    clock: Callable[[], datetime] | None = None,
    kafka: KafkaSettings | None = None,
) -> AsyncIterator[OperationsBoard]:
    """A board with all its topics, which has caught up: topics that nobody else uses, or those that `kafka` names."""
    if kafka is None:
        namespace = f"ops-{uuid4().hex[:8]}"
        kafka = KafkaSettings(kafka_bootstrap=bootstrap, namespace=namespace, partitions=PARTITIONS)
    await apply_topics(kafka)
    host = {"name": HOST, "keys": [public_part(KEY)], "scopes": ["submit", "agent", "view", "operate"]}
    key = {
        "name": "operators",
        "sha256": hashlib.sha256(API_KEY.encode()).hexdigest(),
        "scopes": ["admin"],
        "rate": None,
    }
    settings = Settings(
        kafka_bootstrap=bootstrap,
        namespace=kafka.namespace,
        partitions=kafka.partitions,
        board_file=folder / "board.sqlite",
        token_hosts=json.dumps([host]),
        api_keys=json.dumps([key]),
        id_secret=ID_SECRET,
    )
    service = Service(settings, settings.read_callers(), editions(), clock)
    runnable = server_of(service)
    server = process.web_server(runnable)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        with listen("127.0.0.1", 0) as listener:
            serving = asyncio.create_task(process.serve(runnable, server, listener))
            try:
                await eventually(lambda: server.started or serving.done(), 30, "the board listens")
                await eventually(lambda: service.reading.caught_up.is_set(), 60, "the board has caught up")
                port = listener.getsockname()[1]
                yield OperationsBoard(f"http://127.0.0.1:{port}", kafka, service, producer)
            finally:
                server.should_exit = True
                await serving
    finally:
        await producer.stop()
