"""What retention or compaction deleted cannot be replayed: it is counted with a reason, and never guessed."""

import json
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, Topic, dead_letter
from shared.kafka.record import Record
from shared.messages.reason import Reason
from shared.policy.digest import policy_sha256
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.replay.helpers import (
    BOTH,
    LIBRARY,
    NEXT,
    Starts,
    edited,
    find_event,
    identical,
    replay,
    tally_of,
    text,
    without,
)

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def recording() -> Recording:
    """One partition, and an account that owns everything."""
    made = Recording(LIBRARY, partitions=1)
    made.sets_entitlement(account())
    return made


def begins_with(recording: Recording, topic: Topic, first: Record) -> tuple[list[Record], Starts]:
    """The log after retention has taken what is before `first` in its topic; and where the topics begin then."""
    deleted = [
        record for record in recording.all_records() if record.topic == topic.name and record.offset < first.offset
    ]
    return without(recording.all_records(), *deleted), {topic.name: {0: first.offset}}


def test_a_case_whose_entitlement_was_compacted_is_not_replayable(recording: Recording) -> None:
    """The first case was decided with it; the second with the one that is still there."""
    recording.asks(1)
    recording.runs()
    recording.sets_entitlement(account(plan="access"))
    recording.asks(2)
    recording.asks(1)
    recording.runs()
    old = recording.published(ENTITLEMENTS)[0]
    result = replay(recording, without(recording.all_records(), old))
    router = tally_of(result, "router")
    assert (router.published, router.identical, router.not_replayable, router.replayed) == (2, 1, 1, 1)
    assert "compaction of support.entitlements.v1" in text(next(iter(router.not_replayable_reasons)))
    assert router.digest == router.published_digest
    assert (result.as_published, result.complete) == (True, False)
    assert tally_of(result, "escalation").identical == len(recording.published(ESCALATIONS))


def test_a_tombstone_left_by_compaction_is_enough(recording: Recording) -> None:
    """Only the tombstone of a withdrawn entitlement is left, and the case was decided with that."""
    recording.sets_entitlement(account(account_id="other"))
    recording.write_bytes(ENTITLEMENTS, b"acme", None)
    recording.asks(1)
    recording.runs()
    old = recording.published(ENTITLEMENTS)[0]
    assert identical(replay(recording, without(recording.all_records(), old)), recording)


def test_cases_of_deleted_requests(recording: Recording) -> None:
    """Requests are kept for 90 days, cases for 400."""
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.asks(2)
    recording.runs()
    records, starts = begins_with(recording, REQUESTS, recording.published(REQUESTS)[1])
    router = tally_of(replay(recording, records, starts=starts), "router")
    assert (router.published, router.identical, router.not_replayable) == (2, 1, 1)
    assert router.not_replayable_reasons == {Reason("replay.lost.cause_deleted", topic="support.requests.v1"): 1}


@pytest.mark.parametrize("digest", ["d1", "d2"], ids=["resubmission", "conflict"])
def test_a_request_that_may_repeat_a_deleted_one_is_no_difference(recording: Recording, digest: str) -> None:
    """It made no case, and the log no longer shows why; a day later it does."""
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.asks(1, submission_digest=digest)
    recording.runs()
    recording.passes(2 * DAY)
    recording.asks(2)
    recording.asks(2)
    recording.runs()
    records, starts = begins_with(recording, REQUESTS, recording.published(REQUESTS)[1])
    result = replay(recording, records, starts=starts)
    router = tally_of(result, "router")
    assert (result.as_published, result.complete) == (True, False)
    assert (router.identical, router.not_replayable) == (1, 2)
    assert router.dead_letters_not_replayable == (digest == "d2")


def test_a_request_repeats_a_deleted_one_after_a_long_silence(recording: Recording) -> None:
    """The router forgets a request once later ones have reached its end, however long nothing has come by then."""
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.asks(2)
    recording.runs()
    recording.passes(31 * DAY)
    recording.asks(1)
    recording.runs()
    records, starts = begins_with(recording, REQUESTS, recording.published(REQUESTS)[1])
    result = replay(recording, records, starts=starts)
    assert len(recording.published(CASES)) == 2
    assert result.differences == ()
    assert result.as_published


def test_events_of_cases_whose_decision_is_deleted(recording: Recording) -> None:
    """All events of the first case, from timers and from activity, and none of the second."""
    for number in (1, 2):
        recording.asks(number)
        recording.runs()
        recording.passes(MINUTE)
    recording.passes(2 * 60 * MINUTE)
    for number in (1, 2):
        recording.record_activity("agent_replied", f"{number:032x}")
        recording.record_activity("agent_replied", f"{number:032x}", at=recording.now - DAY)
    recording.runs()
    recording.passes(DAY)
    records, starts = begins_with(recording, CASES, recording.published(CASES)[1])
    result = replay(recording, records, starts=starts)
    lost = [record for record in recording.published(ESCALATIONS) if record.key == b"%032x" % 1]
    escalation = tally_of(result, "escalation")
    assert (escalation.not_replayable, escalation.identical) == (len(lost), escalation.published - len(lost))
    assert escalation.dead_letters_not_replayable == 2
    assert (result.as_published, result.complete) == (True, False)
    assert all(text(reason).startswith("retention has deleted") for reason in escalation.not_replayable_reasons)


def test_events_of_cases_whose_activity_is_deleted(recording: Recording) -> None:
    """The first case is older than the activity that is left; the second came when none was missing any more."""
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    for kind in ("status_changed", "agent_replied"):
        recording.record_activity(kind, f"{1:032x}", **({"to": "resolved"} if kind == "status_changed" else {}))
        recording.runs()
        recording.passes(MINUTE)
    recording.passes(DAY)
    recording.asks(2)
    recording.runs()
    recording.passes(DAY)
    recording.record_activity("resolved", f"{2:032x}")
    recording.runs()
    records, starts = begins_with(recording, ACTIVITY, recording.published(ACTIVITY)[1])
    result = replay(recording, records, starts=starts)
    second = [record for record in recording.published(ESCALATIONS) if record.key == b"%032x" % 2]
    escalation = tally_of(result, "escalation")
    assert (escalation.identical, escalation.not_replayable) == (len(second), escalation.published - len(second))
    assert (result.as_published, result.complete) == (True, False)


@pytest.mark.parametrize(("first", "nth"), [("clock.started", 1), ("clock.warned", 0), ("clock.breached", 0)])
def test_cases_with_events_from_before_the_log_begins(recording: Recording, first: str, nth: int) -> None:
    """A case with deleted events cannot be replayed; one that came later can."""
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.record_activity("status_changed", f"{1:032x}", to="waiting_on_customer")
    recording.runs()
    recording.passes(DAY)
    recording.asks(2)
    recording.runs()
    recording.passes(DAY)
    records, starts = begins_with(recording, ESCALATIONS, find_event(recording.published(ESCALATIONS), first, nth))
    result = replay(recording, records, starts=starts)
    second = [record for record in recording.published(ESCALATIONS) if record.key == b"%032x" % 2]
    escalation = tally_of(result, "escalation")
    assert (escalation.identical, escalation.not_replayable) == (len(second), escalation.published - len(second))
    assert (result.as_published, result.complete) == (True, False)


def test_cases_from_before_their_log_begins(recording: Recording) -> None:
    """A request older than the oldest case in the log does not make a case missing."""
    for number in (1, 2, 3):
        recording.asks(number)
        recording.runs()
        recording.passes(MINUTE)
    records, starts = begins_with(recording, CASES, recording.published(CASES)[2])
    router = tally_of(replay(recording, records, starts=starts), "router")
    assert (router.published, router.identical, router.missing, router.not_replayable) == (1, 1, 0, 2)


def test_a_decision_removed_from_the_middle_is_missing(recording: Recording) -> None:
    """Retention deletes only from the beginning; but a log may be a damaged copy."""
    for number in (1, 2):
        recording.asks(number)
        recording.runs()
    recording.passes(DAY)
    routed = recording.published(CASES)[0]
    result = replay(recording, without(recording.all_records(), routed))
    lost = [record for record in recording.published(ESCALATIONS) if record.key == routed.key]
    escalation = tally_of(result, "escalation")
    assert escalation.not_replayable_reasons == {
        Reason("replay.lost.cause_missing", topic="support.cases.v1"): len(lost)
    }
    assert tally_of(result, "router").missing == 1


def test_deleted_dead_letters_are_no_difference(recording: Recording) -> None:
    """Dead letters are kept for a shorter time than activity: those before the first one left are not compared."""
    for _ in range(2):
        recording.record_activity("agent_replied", "nobody")
        recording.runs()
        recording.passes(20 * MINUTE)
    recording.asks(1)
    recording.runs()
    recording.passes(DAY)
    letters = dead_letter(ACTIVITY)
    records, starts = begins_with(recording, letters, recording.published(letters)[1])
    result = replay(recording, records, starts=starts)
    assert (result.as_published, result.complete) == (True, False)
    assert tally_of(result, "escalation").dead_letters_not_replayable == 1
    everything = without(recording.all_records(), *recording.published(letters))
    result = replay(recording, everything, starts={letters.name: {0: 9}})
    assert tally_of(result, "escalation").dead_letters_not_replayable == 2


def test_an_edition_for_activity_whose_dead_letter_is_deleted_is_no_difference() -> None:
    """The migration came too early and was given up. Without that dead letter it seems to have waited for its case."""
    recording = Recording(BOTH, routed_by=LIBRARY, partitions=1)
    recording.record_activity(
        "policy_migrated", f"{1:032x}", edition="objectives-2024", policy_sha256=policy_sha256(NEXT.editions[0])
    )
    recording.runs()
    recording.passes(16 * MINUTE)
    recording.asks(1)
    recording.runs()
    letters = recording.published(dead_letter(ACTIVITY))
    starts = {dead_letter(ACTIVITY).name: {0: letters[-1].offset + 1}}
    assert len(letters) == 1
    result = replay(recording, without(recording.all_records(), *letters), starts=starts, configured=BOTH)
    assert result.differences == ()
    assert result.as_published


def test_a_record_that_may_have_been_dead_lettered_is_no_difference(recording: Recording) -> None:
    """The broker refused the output of a request and of a reply. Once those dead letters are deleted, the log has no
    trace of either, and neither has any later event."""
    case = recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.asks(2)
    recording.refuses("router", 0)
    recording.record_activity("agent_replied", case)
    recording.refuses("escalation", 0)
    recording.passes(DAY)
    letters = [record for topic in (REQUESTS, ACTIVITY) for record in recording.published(dead_letter(topic))]
    assert len(letters) == 2
    assert identical(replay(recording), recording)
    result = replay(
        recording,
        without(recording.all_records(), *letters),
        starts={letter.topic: {0: letter.offset + 1} for letter in letters},
    )
    assert (result.differences, result.as_published, result.complete) == ((), True, False)
    assert [tally.dead_letters_not_replayable for tally in result.tallies] == [1, 1]
    assert sum(tally.identical for tally in result.tallies) == recording.events


def test_a_removed_event_is_missing_if_all_dead_letters_are_there(recording: Recording) -> None:
    """Then its cause was not dead-lettered."""
    case = recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.record_activity("agent_replied", case)
    recording.runs()
    taken = find_event(recording.published(ESCALATIONS), "clock.fulfilled")
    result = replay(recording, without(recording.all_records(), taken))
    assert [each.kind for each in result.differences] == ["missing"]


@pytest.mark.parametrize("topic", [CASES, ESCALATIONS], ids=lambda topic: topic.name)
def test_events_without_positions_are_not_replayable(recording: Recording, topic: Topic) -> None:
    """An older version wrote them: their place among the records is unknown."""
    recording.asks(1)
    recording.runs()
    recording.passes(DAY)
    records = recording.all_records()
    for record in recording.published(topic):
        records = edited(records, record, lambda data: data["caused_by"].pop("positions"))
    result = replay(recording, records)
    tally = tally_of(result, "router" if topic is CASES else "escalation")
    assert (tally.not_replayable, tally.identical) == (len(recording.published(topic)), 0)
    assert (result.as_published, result.complete) == (True, False)


def test_another_version_of_zone_data_is_noted(recording: Recording) -> None:
    """A deadline that differs may come from that."""
    recording.asks(1)
    recording.runs()
    started = find_event(recording.published(ESCALATIONS), "clock.started")

    def older(data: dict[str, Any]) -> None:
        data["tzdata_version"] = "1999z"

    result = replay(recording, edited(recording.all_records(), started, older))
    assert len(result.notes) == 1
    assert result.notes[0].facts["version"] == "1999z"
    assert replay(recording).notes == ()


def test_cases_by_several_editions_are_each_decided_by_their_own() -> None:
    """What is configured now, and from when it counts, does not matter."""
    recording = Recording(BOTH, partitions=1)
    recording.sets_entitlement(account())
    for number, days in enumerate((-1500, 0), 1):
        recording.asks(number, received_at=recording.now + days * DAY)
        recording.runs()
    named = {json.loads(record.value or b"")["edition"] for record in recording.published(CASES)}
    assert named == {"guidelines-2021", "objectives-2024"}
    assert identical(replay(recording, configured=LIBRARY), recording)
