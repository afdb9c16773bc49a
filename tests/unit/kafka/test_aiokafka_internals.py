"""What Frontline uses inside aiokafka is there, and nothing else of it is used: an upgrade fails here, by name."""

import ast
import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from operator import attrgetter
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaConnectionError
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from aiokafka.structs import TopicPartition

from shared.kafka import aiokafka_internals as internals
from shared.kafka.aiokafka_internals import BATCH_MODULE, DECODER_NAMES, OF_A_CONSUMER, OF_A_PRODUCER, OF_CLASSES

ROOT = Path(__file__).parents[3]
NOBODY = "127.0.0.1:1"
PLACE = TopicPartition("t", 0)
CODECS = {"gzip_decode": 1, "snappy_decode": 2, "lz4_decode": 3, "zstd_decode": 4}
ATTRIBUTES = [(owner, name) for owner, names in OF_CLASSES for name in names]
# What aiokafka's documentation names; whatever else it has may change in any release.
DOCUMENTED = re.compile(
    r"aiokafka(\.(abc|admin|admin\.config_resource|errors|helpers|structs|coordinator\.assignors\..+))?$"
)


@pytest.fixture
async def consumer() -> AsyncIterator[AIOKafkaConsumer]:
    """One that is assigned a partition and never connected."""
    made = AIOKafkaConsumer(bootstrap_servers=NOBODY)
    made.assign([PLACE])
    yield made
    made._closed = True  # it was never started, and its `stop` would miss what `start` makes


@pytest.fixture
async def producer() -> AsyncIterator[AIOKafkaProducer]:
    """A transactional one that is never connected."""
    made = AIOKafkaProducer(bootstrap_servers=NOBODY, transactional_id="t")
    yield made
    await internals.ProducerInternals(made).abandon(1.0)


@pytest.mark.parametrize(("owner", "name"), ATTRIBUTES, ids=[name for _, name in ATTRIBUTES])
def test_every_part_of_a_class_is_there(owner: object, name: str) -> None:
    """An upgrade of aiokafka that moves one of these fails here, by its name."""
    assert hasattr(owner, name)


@pytest.mark.parametrize("name", OF_A_CONSUMER)
async def test_every_part_of_a_consumer_is_there(consumer: AIOKafkaConsumer, name: str) -> None:
    """Made in `__init__`, so that the class does not show it."""
    attrgetter(name)(consumer)


@pytest.mark.parametrize("name", OF_A_PRODUCER)
async def test_every_part_of_a_producer_is_there(producer: AIOKafkaProducer, name: str) -> None:
    """The same for a transactional producer."""
    attrgetter(name)(producer)


def test_the_coordinator_gives_offsets_with_their_metadata() -> None:
    """`AIOKafkaConsumer.committed` leaves the metadata out, which has the id of the topic."""
    assert inspect.iscoroutinefunction(GroupCoordinator.fetch_committed_offsets)
    assert "_coordinator" in inspect.getsource(AIOKafkaConsumer.committed)


def test_a_client_sends_any_request_to_any_node() -> None:
    """The request for topic ids is made of aiokafka's own protocol classes."""
    assert list(inspect.signature(AIOKafkaClient.send).parameters)[:3] == ["self", "node_id", "request"]


@pytest.mark.parametrize("name", DECODER_NAMES)
def test_a_batch_looks_its_decoder_up_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the functions bound otherwise, the limits would be in place and without effect."""

    def refuse(data: bytes) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(BATCH_MODULE, name, refuse)
    builder = DefaultRecordBatchBuilder(2, CODECS[name], 0, -1, -1, 0, 2**20)
    builder.append(0, 1_000, b"k", b"v", [])
    with pytest.raises(ZeroDivisionError):
        list(DefaultRecordBatch(builder.build()))


async def test_the_position_and_the_end_of_a_partition_are_those_of_the_last_fetch(consumer: AIOKafkaConsumer) -> None:
    """Asked of the consumer's own state, without waiting and without a request."""
    assert internals.fetched_to(consumer, PLACE) is None
    assert internals.decided_end(consumer, PLACE) is None
    state = consumer._subscription.subscription.assignment.state_value(PLACE)
    state.reset_to(7)
    state.lso = 9
    assert (internals.fetched_to(consumer, PLACE), internals.decided_end(consumer, PLACE)) == (7, 9)
    unassigned = TopicPartition("t", 1)
    assert (internals.fetched_to(consumer, unassigned), internals.decided_end(consumer, unassigned)) == (None, None)


async def test_a_producer_that_is_cut_off_does_not_connect_again(producer: AIOKafkaProducer) -> None:
    """What was written on a broken connection may be undecided: nothing may be begun on the next one."""
    inside = internals.ProducerInternals(producer)
    waiter = producer._txn_manager._transaction_waiter = asyncio.get_running_loop().create_future()
    inside.cut_off(KafkaConnectionError("broken"))
    assert await producer.client._get_conn(1) is None
    with pytest.raises(KafkaConnectionError):
        await waiter


def _undocumented(path: Path) -> list[str]:
    """What a file takes of aiokafka that may change in any release."""
    text = path.read_text(encoding="utf-8")
    if "aiokafka" not in text:
        return []
    found: list[str] = []
    for node in ast.walk(ast.parse(text)):
        modules: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        found += [name for name in modules if name.split(".")[0] == "aiokafka" and not DOCUMENTED.match(name)]
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            found += [] if own else [ast.unparse(node)]
    return found


def test_no_other_file_uses_undocumented_parts_of_aiokafka() -> None:
    """Neither by an attribute that begins with an underscore, nor by a module that is not documented."""
    files = [path for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    reaching = {path.relative_to(ROOT).as_posix(): found for path in files if (found := _undocumented(path))}
    own = reaching.pop("shared/kafka/aiokafka_internals.py")
    assert reaching == {}
    assert len(own) > 20, "the search finds what is there"
