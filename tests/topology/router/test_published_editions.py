"""The router publishes each edition that it decides by: before the first decision, once for each task."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.router.published_editions import SOURCE
from services.router.topology import RouterTopology
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import CASES, EDITIONS, REQUESTS
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Output, Record
from shared.kafka.serde import Envelope
from shared.policy.digest import policy_sha256
from shared.policy.published_edition import check_digest, edition_of
from shared.routing.rulebook import Rulebooks
from tests.harness.asking import MONDAY_NOON, request
from tests.harness.shipped import shipped_library
from tests.harness.topology_driver import TopologyDriver

PARTITIONS = 6
LIBRARY = shipped_library("guidelines-2021", "objectives-2024")
RULEBOOKS = Rulebooks(LIBRARY)
EARLIER, LATER = LIBRARY.editions
BEFORE_LATER = LATER.effective_from - timedelta(days=1)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Router:
    """A router task that has two editions."""

    def __init__(self, partition: int = 0) -> None:
        self.driver = TopologyDriver(self._made, partition, service="router", now=MONDAY_NOON)
        self._asked = 0

    def request(self, **given: Any) -> Record:
        """The record of a new request, by default received now, under the later edition."""
        self._asked += 1
        event = request(**({"request_id": f"r{self._asked}"} | given))
        key = event.account_id or event.request_id
        output = serde.to_output(
            REQUESTS, key, Envelope("e1", "/test", type_of(event), MONDAY_NOON, key, TRACEPARENT), wire.encode(event)
        )
        return self.driver.record(REQUESTS, key, output.value, output.headers)

    def decides(self, **given: Any) -> list[str]:
        """Decide one new request in a transaction of its own; returns the topics that it wrote to, in their order."""
        return topics(self.driver.pipe_slice([self.request(**given)]))

    @property
    def published(self) -> list[Output]:
        """Every publication of an edition so far."""
        return self.driver.outputs(EDITIONS)

    def _made(self, _partition: int) -> RouterTopology:
        return RouterTopology(RULEBOOKS, partitions=PARTITIONS, trace=lambda parent: f"child of {parent}")


def topics(outputs: Sequence[Output]) -> list[str]:
    """Where records went, in their order."""
    return [output.topic for output in outputs]


def read(output: Output) -> tuple[Envelope, EditionPublished]:
    """An edition as its readers see it."""
    record = Record(output.topic, output.partition or 0, 0, 0, output.key, output.value, output.headers)
    envelope, event = serde.decode(record)
    assert isinstance(event, EditionPublished)
    return envelope, event


@pytest.fixture
def router() -> Router:
    """A task that has decided nothing."""
    return Router()


def test_the_first_decision_is_preceded_by_its_edition_in_the_same_transaction(router: Router) -> None:
    """Whoever reads a case can look its rules up."""
    assert router.decides() == [EDITIONS.name, CASES.name]
    output, case = router.driver.produced
    envelope, event = read(output)
    digest = policy_sha256(LATER)
    assert (event.edition, event.policy_sha256) == (LATER.edition, digest)
    assert output.key == digest.encode()
    assert output.partition == partition_for(digest.encode(), PARTITIONS)
    assert (envelope.source, envelope.subject) == (SOURCE, digest)
    assert envelope.traceparent is None or envelope.traceparent.startswith("child of")
    assert dict(output.headers)["traceparent"] == f"child of {TRACEPARENT}".encode()
    check_digest(event, output.key)
    assert edition_of(event) == LATER
    assert digest.encode() in (case.value or b"")


def test_a_task_publishes_an_edition_once(router: Router) -> None:
    """However many requests follow, in the same transaction or later: it is 150 kB."""
    first = [router.request() for _ in range(3)]
    router.driver.pipe_slice(first)
    router.decides()
    assert topics(router.driver.produced) == [EDITIONS.name, *[CASES.name] * 4]


def test_each_edition_is_published_before_its_own_first_decision(router: Router) -> None:
    """Several can be in force in turn; one by which nobody was decided is not in the log."""
    router.decides()
    router.decides(received_at=BEFORE_LATER)
    router.decides(received_at=BEFORE_LATER)
    assert topics(router.driver.produced) == [EDITIONS.name, CASES.name, EDITIONS.name, CASES.name, CASES.name]
    assert [read(output)[1].edition for output in router.published] == [LATER.edition, EARLIER.edition]


def test_a_restart_does_not_publish_again(router: Router) -> None:
    """What was published is in the changelog; every rollout would else write all editions again."""
    router.decides()
    router.driver.restart()
    assert router.decides() == [CASES.name]
    assert router.decides(received_at=BEFORE_LATER) == [EDITIONS.name, CASES.name]


def test_an_aborted_transaction_publishes_again_when_it_is_repeated(router: Router) -> None:
    """Nobody has read what was aborted, so the edition would never be there."""
    asked = router.request()
    assert topics(router.driver.abort_slice([asked])) == [EDITIONS.name, CASES.name]
    assert topics(router.driver.pipe_slice([asked])) == [EDITIONS.name, CASES.name]
    assert router.decides() == [CASES.name]


def test_a_request_that_cannot_be_decided_publishes_nothing(router: Router) -> None:
    """It is dead-lettered, and its edition comes with the first that is decided, in the same slice even."""
    undecidable = router.request(received_at=MONDAY_NOON.replace(year=9999, month=12, day=31))
    outputs = router.driver.pipe_slice([undecidable, router.request()])
    assert topics(outputs) == [f"{REQUESTS.name}-dlt", EDITIONS.name, CASES.name]


def test_all_tasks_publish_the_same_event_of_an_edition() -> None:
    """Same key, identity and data, at whatever time: compaction may keep any one of them."""
    found = []
    for partition in range(2):
        router = Router(partition)
        router.driver.advance_to(MONDAY_NOON + timedelta(hours=partition))
        router.decides()
        (output,) = router.published
        found.append((output.key, output.partition, output.value, read(output)[0].identity))
    assert found[0] == found[1]
