"""What a log no longer has cannot be replayed: that is said, with its reason, and counted; nothing is guessed."""

import json
from datetime import timedelta
from typing import Any

import pytest

from services.replay.replay import CannotReplay
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, Topic, changelog, dead_letter
from shared.kafka.record import Record
from shared.policy.digest import policy_sha256
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.replay.again import BOTH, LIBRARY, NEXT, Starts, again, edited, identical, of, the, without

EDITIONS = changelog("escalation", "editions").name
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def recording() -> Recording:
    """One partition, and an account that owns everything."""
    made = Recording(LIBRARY, partitions=1)
    made.tells(account())
    return made


def begins_with(recording: Recording, topic: Topic, first: Record) -> tuple[list[Record], Starts]:
    """The log after retention has taken what is before `first` in its topic; and where the topics begin then."""
    gone = [record for record in recording.all_records() if record.topic == topic.name and record.offset < first.offset]
    return without(recording.all_records(), *gone), {topic.name: {0: first.offset}}


def test_an_entitlement_that_compaction_took_is_missed_where_it_counted(recording: Recording) -> None:
    """The first case was decided with it; the second with the one that is still there."""
    recording.asks(1)
    recording.runs()
    recording.tells(account(plan="access"))
    recording.asks(2)
    recording.asks(1)
    recording.runs()
    old = recording.published(ENTITLEMENTS)[0]
    outcome = again(recording, without(recording.all_records(), old))
    router = of(outcome, "router")
    assert (router.published, router.identical, router.not_replayable, router.replayed) == (2, 1, 1, 1)
    assert "was compacted" in next(iter(router.because))
    assert router.digest == router.published_digest
    assert (outcome.as_published, outcome.complete) == (True, False)
    assert of(outcome, "escalation").identical == len(recording.published(ESCALATIONS))


def test_a_tombstone_that_compaction_left_is_enough(recording: Recording) -> None:
    """What was withdrawn is gone but for its tombstone, and that is what the case was decided with."""
    recording.tells(account(account_id="other"))
    recording.write_bytes(ENTITLEMENTS, b"acme", None)
    recording.asks(1)
    recording.runs()
    old = recording.published(ENTITLEMENTS)[0]
    assert identical(again(recording, without(recording.all_records(), old)), recording)


def test_cases_of_requests_that_are_gone(recording: Recording) -> None:
    """Requests are kept for 30 days, cases for 90."""
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.asks(2)
    recording.runs()
    records, starts = begins_with(recording, REQUESTS, recording.published(REQUESTS)[1])
    router = of(again(recording, records, starts=starts), "router")
    assert (router.published, router.identical, router.not_replayable) == (2, 1, 1)
    assert router.because == {"support.requests.v1 begins later now: the record that they follow from is gone": 1}


@pytest.mark.parametrize("digest", ["d1", "d2"], ids=["resubmission", "conflict"])
def test_a_request_that_may_repeat_one_that_is_gone_is_no_difference(recording: Recording, digest: str) -> None:
    """It made no case, and why cannot be told any more; a day later it can."""
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
    outcome = again(recording, records, starts=starts)
    router = of(outcome, "router")
    assert (outcome.as_published, outcome.complete) == (True, False)
    assert (router.identical, router.not_replayable) == (1, 2)
    assert router.put_aside_not_replayable == (digest == "d2")


def test_what_is_said_of_cases_that_are_gone(recording: Recording) -> None:
    """All that was said of the first, by timers and by activity, and nothing of the second."""
    for number in (1, 2):
        recording.asks(number)
        recording.runs()
        recording.passes(MINUTE)
    recording.passes(2 * 60 * MINUTE)
    for number in (1, 2):
        recording.hears("agent_replied", f"{number:032x}")
        recording.hears("agent_replied", f"{number:032x}", at=recording.now - DAY)
    recording.runs()
    recording.passes(DAY)
    records, starts = begins_with(recording, CASES, recording.published(CASES)[1])
    outcome = again(recording, records, starts=starts)
    said = [record for record in recording.published(ESCALATIONS) if record.key == b"%032x" % 1]
    escalation = of(outcome, "escalation")
    assert (escalation.not_replayable, escalation.identical) == (len(said), escalation.published - len(said))
    assert escalation.put_aside_not_replayable == 2
    assert (outcome.as_published, outcome.complete) == (True, False)
    assert all(reason.startswith("support.cases.v1 begins later now") for reason in escalation.because)


def test_what_is_said_of_cases_whose_activity_is_gone(recording: Recording) -> None:
    """The first case was there before the activity that is left; the second came when nothing was missing any more."""
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    for kind in ("status_changed", "agent_replied"):
        recording.hears(kind, f"{1:032x}", **({"to": "resolved"} if kind == "status_changed" else {}))
        recording.runs()
        recording.passes(MINUTE)
    recording.passes(DAY)
    recording.asks(2)
    recording.runs()
    recording.passes(DAY)
    recording.hears("resolved", f"{2:032x}")
    recording.runs()
    records, starts = begins_with(recording, ACTIVITY, recording.published(ACTIVITY)[1])
    outcome = again(recording, records, starts=starts)
    second = [record for record in recording.published(ESCALATIONS) if record.key == b"%032x" % 2]
    escalation = of(outcome, "escalation")
    assert (escalation.identical, escalation.not_replayable) == (len(second), escalation.published - len(second))
    assert (outcome.as_published, outcome.complete) == (True, False)


@pytest.mark.parametrize(("first", "nth"), [("clock.started", 1), ("clock.warned", 0), ("clock.breached", 0)])
def test_what_was_said_before_the_log_of_events_begins(recording: Recording, first: str, nth: int) -> None:
    """A case of which a part was said before cannot be followed; one that came later can."""
    recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.hears("status_changed", f"{1:032x}", to="waiting_on_customer")
    recording.runs()
    recording.passes(DAY)
    recording.asks(2)
    recording.runs()
    recording.passes(DAY)
    records, starts = begins_with(recording, ESCALATIONS, the(recording.published(ESCALATIONS), first, nth))
    outcome = again(recording, records, starts=starts)
    second = [record for record in recording.published(ESCALATIONS) if record.key == b"%032x" % 2]
    escalation = of(outcome, "escalation")
    assert (escalation.identical, escalation.not_replayable) == (len(second), escalation.published - len(second))
    assert (outcome.as_published, outcome.complete) == (True, False)


def test_cases_from_before_their_log_begins(recording: Recording) -> None:
    """Requests that are older than the oldest case are no reason for one to be missing."""
    for number in (1, 2, 3):
        recording.asks(number)
        recording.runs()
        recording.passes(MINUTE)
    records, starts = begins_with(recording, CASES, recording.published(CASES)[2])
    router = of(again(recording, records, starts=starts), "router")
    assert (router.published, router.identical, router.missing, router.not_replayable) == (1, 1, 0, 2)


def test_a_decision_taken_out_of_the_middle_is_missed(recording: Recording) -> None:
    """Retention takes from the beginning only; but a log may be a copy in which something was lost."""
    for number in (1, 2):
        recording.asks(number)
        recording.runs()
    recording.passes(DAY)
    routed = recording.published(CASES)[0]
    outcome = again(recording, without(recording.all_records(), routed))
    said = [record for record in recording.published(ESCALATIONS) if record.key == routed.key]
    escalation = of(outcome, "escalation")
    assert escalation.because == {
        "the log does not have the record of support.cases.v1 that they follow from": len(said)
    }
    assert of(outcome, "router").missing == 1


def test_dead_letters_are_kept_for_a_shorter_time_than_activity(recording: Recording) -> None:
    """Those that follow from before the first that is left are not held against the log."""
    for _ in range(2):
        recording.hears("agent_replied", "nobody")
        recording.runs()
        recording.passes(20 * MINUTE)
    recording.asks(1)
    recording.runs()
    recording.passes(DAY)
    letters = dead_letter(ACTIVITY)
    records, starts = begins_with(recording, letters, recording.published(letters)[1])
    outcome = again(recording, records, starts=starts)
    assert (outcome.as_published, outcome.complete) == (True, False)
    assert of(outcome, "escalation").put_aside_not_replayable == 1
    everything = without(recording.all_records(), *recording.published(letters))
    outcome = again(recording, everything, starts={letters.name: {0: 9}})
    assert of(outcome, "escalation").put_aside_not_replayable == 2


def test_a_record_that_may_have_been_put_aside_is_no_difference(recording: Recording) -> None:
    """The broker refused what followed from a request and from a reply. Once those dead letters are gone, the log says
    nothing of either; and both left no trace in what was said afterwards."""
    case = recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.asks(2)
    recording.refuses("router", 0)
    recording.hears("agent_replied", case)
    recording.refuses("escalation", 0)
    recording.passes(DAY)
    letters = [record for topic in (REQUESTS, ACTIVITY) for record in recording.published(dead_letter(topic))]
    assert len(letters) == 2
    assert identical(again(recording), recording)
    outcome = again(
        recording,
        without(recording.all_records(), *letters),
        starts={letter.topic: {0: letter.offset + 1} for letter in letters},
    )
    assert (outcome.differences, outcome.as_published, outcome.complete) == ((), True, False)
    assert [tally.put_aside_not_replayable for tally in outcome.tallies] == [1, 1]
    assert sum(tally.identical for tally in outcome.tallies) == recording.events


def test_an_event_taken_out_is_missed_where_all_dead_letters_are_there(recording: Recording) -> None:
    """Nothing says that its cause was put aside."""
    case = recording.asks(1)
    recording.runs()
    recording.passes(MINUTE)
    recording.hears("agent_replied", case)
    recording.runs()
    taken = the(recording.published(ESCALATIONS), "clock.fulfilled")
    outcome = again(recording, without(recording.all_records(), taken))
    assert [each.kind for each in outcome.differences] == ["missing"]


@pytest.mark.parametrize("topic", [CASES, ESCALATIONS], ids=lambda topic: topic.name)
def test_events_from_before_they_said_how_far_their_task_had_read(recording: Recording, topic: Topic) -> None:
    """An older version wrote them: they cannot be placed."""
    recording.asks(1)
    recording.runs()
    recording.passes(DAY)
    records = recording.all_records()
    for record in recording.published(topic):
        records = edited(records, record, lambda data: data["caused_by"].pop("positions"))
    outcome = again(recording, records)
    tally = of(outcome, "router" if topic is CASES else "escalation")
    assert (tally.not_replayable, tally.identical) == (len(recording.published(topic)), 0)
    assert (outcome.as_published, outcome.complete) == (True, False)


def test_an_edition_that_nobody_has_is_named() -> None:
    """By its name and its digest: without it no case that names it can be decided."""
    recording = Recording(NEXT, partitions=1)
    recording.tells(account())
    recording.asks(1)
    recording.runs(service="router")
    digest = policy_sha256(NEXT.editions[0])
    with pytest.raises(CannotReplay) as raised:
        again(recording)
    assert "objectives-2024" in str(raised.value)
    assert digest in str(raised.value)
    assert identical(again(recording, configured=NEXT), recording)


def test_editions_that_the_log_has_saved_need_not_be_named() -> None:
    """Escalation saves what its cases pin; the router's decisions are replayed with the same."""
    recording = Recording(NEXT, partitions=1)
    recording.tells(account())
    recording.asks(1)
    recording.runs()
    assert identical(again(recording), recording)
    saved = [record for record in recording.all_records() if record.topic == EDITIONS]
    with pytest.raises(CannotReplay):
        again(recording, without(recording.all_records(), *saved))


def test_a_saved_edition_that_cannot_be_read_is_an_error(recording: Recording) -> None:
    """It is not passed over: cases depend on it."""
    recording.asks(1)
    recording.runs()
    damaged = [
        Record(r.topic, r.partition, r.offset, 0, r.key, b"damaged") if r.topic == EDITIONS and r.key != b"\x00" else r
        for r in recording.all_records()
    ]
    with pytest.raises(CannotReplay, match="damaged"):
        again(recording, damaged)


@pytest.mark.parametrize("name", ["tzdata_version", "holidays_version"])
def test_another_version_of_zones_or_holidays_is_told(recording: Recording, name: str) -> None:
    """A deadline that differs may come from that."""
    recording.asks(1)
    recording.runs()
    routed = the(recording.published(CASES), "case.routed")

    def older(data: dict[str, Any]) -> None:
        data[name] = "1999z"

    outcome = again(recording, edited(recording.all_records(), routed, older))
    assert len(outcome.notes) == 1
    assert "1999z" in outcome.notes[0]
    assert again(recording).notes == ()


def test_cases_by_several_editions_are_each_decided_by_their_own() -> None:
    """What is configured now, and from when it counts, does not matter."""
    recording = Recording(BOTH, partitions=1)
    recording.tells(account())
    for number, days in enumerate((-1500, 0), 1):
        recording.asks(number, received_at=recording.now + days * DAY)
        recording.runs()
    named = {json.loads(record.value or b"")["edition"] for record in recording.published(CASES)}
    assert named == {"guidelines-2021", "objectives-2024"}
    assert identical(again(recording, configured=LIBRARY), recording)
