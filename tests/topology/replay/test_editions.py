"""The editions of the log: a replay decides by them, and compares them with what the tasks publish."""

from typing import Any

import pytest

from services.replay.replay import CannotReplay
from shared.contracts.topics import ACTIVITY, CASES, EDITIONS, REQUESTS
from shared.kafka.record import Record
from shared.policy.digest import policy_sha256
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.replay.helpers import BOTH, LIBRARY, NEXT, changed, edited, fields, identical, replay, text, without

TO_NEXT: dict[str, Any] = {"edition": "objectives-2024", "policy_sha256": policy_sha256(NEXT.editions[0])}


def tampered(data: dict[str, Any]) -> None:
    """Another promise under the same digest."""
    data["document"] = data["document"].replace('"P1"', '"P2"', 1)


@pytest.fixture
def recording() -> Recording:
    """One partition, and a case by the configured edition."""
    made = Recording(LIBRARY, partitions=1)
    made.sets_entitlement(account())
    made.asks(1)
    made.runs()
    return made


def test_editions_of_the_log_need_not_be_configured() -> None:
    """Cases outlive the files of their rules. Without the record, the missing edition is named."""
    recording = Recording(NEXT, partitions=1)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.runs()
    assert identical(replay(recording), recording)
    with pytest.raises(CannotReplay) as raised:
        replay(recording, without(recording.all_records(), *recording.published(EDITIONS)))
    (reason,) = raised.value.reasons
    assert reason.facts["edition"] == "objectives-2024"
    assert policy_sha256(NEXT.editions[0]) in text(reason)
    assert "support.editions.v1 does not have it" in text(reason)


def test_a_damaged_edition_that_nothing_else_gives_is_an_error_that_names_its_record() -> None:
    """It is not skipped: cases depend on it."""
    recording = Recording(NEXT, partitions=1)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.runs()
    (edition,) = recording.published(EDITIONS)
    with pytest.raises(CannotReplay) as raised:
        replay(recording, edited(recording.all_records(), edition, tampered))
    (reason,) = raised.value.reasons
    assert "support.editions.v1[0]@0 cannot be used: policy_sha256 is" in text(reason)


def test_a_tampered_edition_differs_from_what_the_router_publishes(recording: Recording) -> None:
    """With the edition at hand from elsewhere, everything else replays, and the record is named with its field."""
    (edition,) = recording.published(EDITIONS)
    result = replay(recording, edited(recording.all_records(), edition, tampered))
    (difference,) = result.differences
    assert (difference.kind, difference.type) == ("differing", "frontline.edition.published.v1")
    assert difference.place == "support.editions.v1[0]@0"
    assert set(fields(difference)) == {"document"}
    assert not result.as_published
    assert result.digest != result.published_digest


def test_an_edition_under_another_key_is_missing_and_unexpected(recording: Recording) -> None:
    """Compaction would let it replace another edition."""
    (edition,) = recording.published(EDITIONS)
    result = replay(recording, changed(recording.all_records(), edition, key=b"0" * 64))
    assert sorted(each.kind for each in result.differences) == ["missing", "unexpected"]


def test_a_deleted_edition_is_missing(recording: Recording) -> None:
    """Whoever reads its cases cannot look their rules up."""
    result = replay(recording, without(recording.all_records(), *recording.published(EDITIONS)))
    assert [(each.kind, each.type) for each in result.differences] == [("missing", "frontline.edition.published.v1")]


def test_an_edition_that_nothing_uses_is_unexpected_unless_the_log_has_lost_records(recording: Recording) -> None:
    """Requests are kept for a shorter time than editions, which are kept for ever."""
    (edition,) = recording.published(EDITIONS)
    other = Recording(NEXT, partitions=1)
    other.asks(1)
    other.runs(service="router")
    (foreign,) = other.published(EDITIONS)
    added = Record(EDITIONS.name, 0, edition.offset + 5, 0, foreign.key, foreign.value, foreign.headers)
    result = replay(recording, [*recording.all_records(), added])
    assert [(each.kind, each.place) for each in result.differences] == [("unexpected", f"{EDITIONS.name}[0]@5")]
    first = recording.published(REQUESTS)[0]
    later = replay(
        recording, [*without(recording.all_records(), first), added], starts={REQUESTS.name: {0: first.offset + 1}}
    )
    assert EDITIONS.name not in str([each.place for each in later.differences])


def test_several_tasks_and_compaction_leave_identical_editions() -> None:
    """Each task of the router publishes an edition; any one of the records is enough."""
    recording = Recording(LIBRARY, partitions=2)
    for number in range(1, 9):
        recording.sets_entitlement(account(account_id=f"acme{number}"))
        recording.asks(number, account_id=f"acme{number}")
    recording.runs()
    published = recording.published(EDITIONS)
    assert len(published) == 2
    assert identical(replay(recording), recording)
    for kept in published:
        gone = [record for record in published if record is not kept]
        assert identical(replay(recording, without(recording.all_records(), *gone)), recording)


def test_a_migration_to_an_edition_of_the_log_is_replayed_without_its_file(recording: Recording) -> None:
    """Escalation publishes what the router has never decided by."""
    recording.library = BOTH
    recording.restarts("escalation")
    recording.record_activity("policy_migrated", f"{1:032x}", **TO_NEXT)
    recording.runs()
    assert len(recording.published(EDITIONS)) == 2
    assert recording.published(ACTIVITY)
    assert recording.published(CASES)
    assert identical(replay(recording, configured=LIBRARY), recording)


def test_the_edition_of_a_silent_migration_at_the_end_is_no_difference_without_committed_offsets() -> None:
    """A case that is promised nothing has no other event that says that its migration was consumed."""
    recording = Recording(BOTH, routed_by=LIBRARY, partitions=1)
    recording.asks(2, account_id="unknown")
    recording.runs()
    recording.record_activity("policy_migrated", f"{2:032x}", **TO_NEXT)
    recording.runs()
    first = replay(recording, configured=BOTH)
    without_offsets = replay(recording, configured=BOTH, consumed=False)
    assert identical(first, recording)
    assert (without_offsets.differences, without_offsets.digest) == ((), first.digest)
    edition = recording.published(EDITIONS)[-1]
    damaged = replay(recording, edited(recording.all_records(), edition, tampered), configured=BOTH, consumed=False)
    assert damaged.differences != ()
