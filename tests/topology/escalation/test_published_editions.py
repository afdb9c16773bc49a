"""An edition that a case migrates to is in the log, though no router may ever have decided by it."""

from typing import Any

import pytest

from services.escalation.publishing import SOURCE
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import EDITIONS, ESCALATIONS
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Record
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.published_edition import check_digest, edition_of
from tests.topology.escalation.desk import LIBRARY, NEXT, PARTITIONS, TaskDesk, minutes

TARGET = NEXT.editions[0]
TO_NEXT: dict[str, Any] = {"edition": TARGET.edition, "policy_sha256": policy_sha256(TARGET)}
BOTH = EditionLibrary((*LIBRARY.editions, TARGET))


@pytest.fixture
def desk() -> TaskDesk:
    """A desk with both editions, and an open case under the first one, by which its router decides."""
    made = TaskDesk(LIBRARY)
    made.goes_on_with(BOTH)
    made.opens(plan="premier_plus")
    return made


def test_an_edition_that_the_router_has_published_is_not_published_again(desk: TaskDesk) -> None:
    """Each case pins its edition here too."""
    desk.opens("second")
    assert desk.driver.outputs(EDITIONS) == []


def test_a_migration_publishes_its_edition_before_what_follows(desk: TaskDesk) -> None:
    """Whoever reads an event by new terms can look them up."""
    before = len(desk.driver.produced)
    desk.record_activity("policy_migrated", **TO_NEXT)
    output, *following = desk.driver.produced[before:]
    assert output.topic == EDITIONS.name
    assert {each.topic for each in following} == {ESCALATIONS.name}
    envelope, event = serde.decode(
        Record(output.topic, output.partition or 0, 0, 0, output.key, output.value, output.headers)
    )
    assert isinstance(event, EditionPublished)
    check_digest(event, output.key)
    assert edition_of(event) == TARGET
    assert (envelope.source, output.partition) == (SOURCE, partition_for(output.key or b"", PARTITIONS))


def test_a_task_publishes_it_once(desk: TaskDesk) -> None:
    """For all of its cases, and over restarts: a migration of ten thousand cases writes it once a task."""
    desk.opens("second")
    desk.opens("third")
    desk.record_activity("policy_migrated", **TO_NEXT)
    desk.record_activity("policy_migrated", "second", **TO_NEXT)
    desk.driver.restart()
    desk.passes(minutes(1))
    desk.record_activity("policy_migrated", "third", **TO_NEXT)
    assert len(desk.driver.outputs(EDITIONS)) == 1


def test_a_migration_that_is_dead_lettered_publishes_nothing() -> None:
    """No case counts by it."""
    desk = TaskDesk(LIBRARY)
    desk.opens(plan="premier_plus")
    desk.record_activity("policy_migrated", **TO_NEXT)
    assert desk.dead_letter_causes == ["unknown_edition"]
    assert desk.driver.outputs(EDITIONS) == []
