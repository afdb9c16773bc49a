"""A case that fails is isolated alone: the clocks of all others run, and it is retried."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.escalation import early_activity, topology
from services.escalation.auditor import Auditor
from services.escalation.early_activity import list_key
from shared.business_time.instants import from_micros
from shared.contracts.topics import ACTIVITY
from shared.sla import case_state, isolated_case
from shared.sla.packing import pack_id
from shared.streams.errors import RecordRefused
from shared.streams.overlay import Overlay
from shared.streams.processor import Postponed, Timer
from shared.watched_clock import Reading
from tests.topology.escalation.desk import CASE, TaskDesk, minutes

BAD, OTHER = "b" * 32, "c" * 32
WARNED = "first_response warned 0 case_tier"
BREACHED = "first_response breached"
HOUR = timedelta(hours=1)


def damages(desk: TaskDesk, case_id: str = BAD) -> bytes:
    """The stored facts of a case name what its edition does not have; returns what was stored before."""
    stored = desk.driver.changelogs["cases"][pack_id(case_id)]
    state = case_state.decode(stored)
    state.facts = b"\xff" * 12
    desk.driver.changelogs["cases"][pack_id(case_id)] = case_state.encode(state, case_state.due_of(stored))
    desk.driver.restart()
    return stored


def with_a_bad_case() -> tuple[TaskDesk, bytes]:
    """Three cases, a minute apart; the one in the middle cannot be counted."""
    desk = TaskDesk()
    for case_id in (CASE, BAD, OTHER):
        desk.opens(case_id)
        desk.passes(minutes(1))
    return desk, damages(desk)


def test_the_timer_of_one_case_fails_and_those_of_the_others_fire_in_due_order() -> None:
    """Before, one case stopped a sixth of all clocks for good."""
    desk, stored = with_a_bad_case()
    before = len(desk.driver.produced)
    desk.passes(minutes(70))
    logged = [(event.case_id, event.at) for _, event in desk.events(desk.driver.produced[before:])]
    assert {case_id for case_id, _ in logged} == {CASE, OTHER}
    assert [at for _, at in logged] == sorted(at for _, at in logged)
    assert case_state.due_of(desk.driver.stores["cases"].get(pack_id(BAD))) == case_state.due_of(stored)


def test_overdue_cases_fire_in_one_slice_around_the_bad_one() -> None:
    """After downtime everything overdue is in one transaction, and the bad case has its place in the middle of it."""
    desk, _ = with_a_bad_case()
    assert desk.sleeps(minutes(70)).count(BREACHED) == 2


def test_what_failed_is_tried_again_after_an_hour() -> None:
    """By then a record may have mended the case; while nothing has, it is tried once an hour and not more often."""
    desk, _ = with_a_bad_case()
    desk.passes(minutes(45))
    first = desk.driver.processor.postponed()
    assert first == Postponed(1, desk.driver.now - minutes(2))
    late = len(desk.driver.lateness)
    desk.passes(HOUR * 5)
    assert desk.driver.processor.postponed() == first
    due = desk.driver.processor.next_due()
    assert due is not None
    assert timedelta() < due - desk.driver.now <= HOUR
    assert not [each for each in desk.driver.lateness[late:] if each > timedelta(seconds=1)]


def test_what_failed_is_tried_again_at_once_after_a_restart_and_says_everything() -> None:
    """A version that can count the case keeps its promises as soon as it runs: the real instant was never lost."""
    desk, stored = with_a_bad_case()
    desk.passes(minutes(50))
    desk.driver.changelogs["cases"][pack_id(BAD)] = stored
    assert desk.sleeps(timedelta(seconds=1)) == [WARNED]
    assert desk.driver.processor.postponed() == Postponed()
    assert BREACHED in desk.passes(minutes(20))


def test_activity_of_an_isolated_case_is_dead_lettered_and_can_be_replayed_later() -> None:
    """It is neither lost nor applied to a state that nobody understands; the message says when to replay it."""
    desk, stored = with_a_bad_case()
    desk.passes(minutes(44))
    assert desk.record_activity("agent_replied", OTHER) != []
    assert desk.record_activity("agent_replied", BAD) == []
    (letter,) = desk.driver.dead_letters
    assert (letter.cause, letter.by_reference) == ("case_isolated", False)
    assert f"case {BAD} is isolated since" in letter.message
    assert "replay" in letter.message
    desk.driver.changelogs["cases"][pack_id(BAD)] = stored
    assert desk.sleeps(timedelta(seconds=1)) == [WARNED]
    assert desk.words_of_record(letter.record) == ["first_response fulfilled in time"]


def test_a_case_whose_timer_the_broker_refuses_is_isolated_and_fires_later() -> None:
    """Its output was too large; the transaction that isolates it writes nothing else."""
    desk = TaskDesk()
    desk.opens(BAD)
    desk.opens(OTHER)
    (timer, _) = _due_timers(desk, minutes(46))
    assert desk.driver.refuse_timer(timer, desk.driver.now + minutes(46)) == []
    isolated, other = (BAD, OTHER) if timer.key == pack_id(BAD) else (OTHER, BAD)
    assert [(each.ids["case_id"], type(each.error)) for each in desk.driver.isolations] == [(isolated, RecordRefused)]
    assert desk.record_activity("agent_replied", isolated) == [WARNED]
    assert [event.case_id for _, event in desk.events()][-1] == other
    assert desk.dead_letter_causes == ["case_isolated"]
    assert {event.case_id for _, event in desk.events(desk.driver.advance_to(desk.driver.now + minutes(59)))} == {other}
    fired = [event.case_id for _, event in desk.events(desk.driver.advance_to(desk.driver.now + minutes(2)))]
    assert isolated in fired
    assert desk.driver.processor.postponed() == Postponed()


def test_isolation_is_state_with_a_changelog() -> None:
    """After a restart the case is still isolated, since the same instant, until a retry has succeeded."""
    desk, _ = with_a_bad_case()
    desk.passes(minutes(45))
    before = desk.driver.contents("isolated")
    assert [isolated_case.decode(value).error for value in before.values()] == ["ValueError"]
    desk.driver.restart()
    assert desk.driver.contents("isolated") == before
    assert desk.record_activity("agent_replied", BAD) == []
    assert desk.dead_letter_causes == ["case_isolated"]
    (held,) = map(isolated_case.decode, desk.driver.contents("isolated").values())
    assert (held.store, held.since) == ("cases", isolated_case.decode(before[pack_id(BAD)]).since)


def test_a_retry_in_a_transaction_that_is_aborted_has_not_happened() -> None:
    """The runtime tries again; the index of timers must still know the case."""
    desk, stored = with_a_bad_case()
    desk.passes(minutes(45))
    desk.driver.changelogs["cases"][pack_id(BAD)] = stored
    desk.driver.restart()
    desk.driver.abort_slice(now=desk.driver.now + timedelta(seconds=1))
    assert desk.driver.processor.postponed().timers == 1
    assert WARNED in desk.passes(timedelta(seconds=2))
    assert desk.driver.processor.postponed() == Postponed()


def test_a_failure_in_a_transaction_that_is_aborted_isolates_nobody() -> None:
    """What is not committed has not happened."""
    desk, _ = with_a_bad_case()
    desk.driver.abort_slice(now=desk.driver.now + minutes(50))
    assert not len(desk.driver.stores["isolated"])
    desk.driver.pipe_slice([], desk.driver.now)
    assert desk.driver.processor.postponed().timers == 1


@pytest.mark.parametrize("damaged", [b"\xc1", None], ids=["bytes", "facts"])
def test_a_case_whose_state_cannot_be_read_is_isolated_by_the_next_activity(damaged: bytes | None) -> None:
    """Its timer may be far away, or there is none: the record waits among the dead letters, the alarm comes at once."""
    desk = TaskDesk()
    desk.opens(BAD)
    desk.opens(OTHER)
    stored = damages(desk)
    if damaged:
        desk.driver.changelogs["cases"][pack_id(BAD)] = stored[:8] + damaged
        desk.driver.restart()
    assert desk.record_activity("customer_replied", BAD) == []
    assert desk.record_activity("customer_replied", BAD) == []
    assert desk.dead_letter_causes == ["case_isolated"] * 2
    assert [each.ids for each in desk.driver.isolations] == [{"case_id": BAD}]
    assert desk.record_activity("agent_replied", OTHER) == ["first_response fulfilled in time"]
    assert desk.driver.processor.postponed() == Postponed(1, from_micros(case_state.due_of(stored) or 0))
    desk.driver.changelogs["cases"][pack_id(BAD)] = stored
    desk.driver.restart()
    desk.passes(minutes(1))
    assert desk.driver.processor.postponed() == Postponed()
    began, ended = desk.driver.isolations
    assert (began.error is None, ended.error, ended.ids) == (False, None, {"case_id": BAD})
    assert desk.words_of_record(desk.driver.dead_letters[0].record) == []
    assert desk.passes(minutes(46)) == [WARNED]


def test_a_case_that_nothing_is_due_for_is_retried_after_an_hour() -> None:
    """Success ends the isolation although no timer fires."""
    desk = TaskDesk()
    desk.opens(BAD)
    desk.record_activity("resolved", BAD)
    key, stored = pack_id(BAD), damages(desk)
    assert desk.record_activity("customer_replied", BAD) == []
    before = desk.driver.produced[:]
    desk.passes(minutes(59))
    assert len(desk.driver.isolations) == 1
    desk.passes(minutes(2))
    assert [each.error is None for each in desk.driver.isolations] == [False, False]
    desk.driver.changelogs["cases"][key] = stored
    desk.driver.restart()
    assert desk.passes(minutes(1)) == []
    assert desk.driver.produced == before
    assert desk.driver.isolations[-1].error is None
    assert not len(desk.driver.stores["isolated"])
    assert case_state.due_of(desk.driver.stores["cases"].get(key)) == case_state.due_of(stored)


def test_an_activity_that_fails_alone_is_dead_lettered_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state of its case can be read: the record is to blame, and the case runs on."""
    desk = TaskDesk()
    desk.opens(BAD)

    def fails(*_: object) -> None:
        raise ZeroDivisionError("a customer's words")

    with monkeypatch.context() as patched:
        patched.setattr(topology, "apply_activity", fails)
        assert desk.record_activity("agent_replied", BAD) == []
    assert desk.dead_letter_causes == ["unexpected_error"]
    assert desk.driver.processor.postponed() == Postponed()
    assert desk.passes(minutes(46)) == [WARNED]


def test_a_process_without_memory_blames_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its state is as good as before, and another process can read it."""
    desk = TaskDesk()
    desk.opens(BAD)

    def failing(error: type[Exception]) -> Callable[..., None]:
        def fails(*_: object) -> None:
            raise error

        return fails

    monkeypatch.setattr(topology, "apply_activity", failing(ValueError))
    monkeypatch.setattr(topology, "view_of", failing(MemoryError))
    with pytest.raises(MemoryError):
        desk.record_activity("customer_replied", BAD)
    assert desk.driver.isolations == []


def test_a_decision_whose_early_activity_cannot_be_read_waits_with_it() -> None:
    """Without what waits for it, the case would have clocks that an answer has stopped already."""
    desk = TaskDesk()
    desk.record_activity("agent_replied", BAD)
    kept = desk.driver.changelogs["early"]
    listed = kept[list_key(BAD)]
    kept[list_key(BAD)] = listed[:8] + b"\xc1"
    desk.driver.restart()
    assert desk.opens(BAD) == []
    assert desk.dead_letter_causes == ["case_isolated"]
    kept[list_key(BAD)] = listed
    desk.driver.restart()
    desk.passes(minutes(1))
    assert desk.words_of_record(desk.driver.dead_letters[0].record)[-1] == "first_response fulfilled in time"


@pytest.mark.parametrize("damaged", [b"\xc1", b"\x92\xff\xc0", None], ids=["bytes", "type", "missing"])
def test_early_activity_that_cannot_be_read_blocks_its_case_until_the_retry_only(damaged: bytes | None) -> None:
    """The retry dead-letters it by reference: its topic has the whole record, so nothing is lost."""
    desk = TaskDesk()
    desk.record_activity("agent_replied", BAD)
    desk.record_activity("customer_replied", BAD)
    kept = desk.driver.changelogs["early"]
    (first, _) = sorted(key for key in kept if key[:1] == b"r")
    if damaged is None:
        del kept[first]
    else:
        kept[first] = damaged
    desk.driver.restart()
    assert desk.opens(BAD) == []
    assert desk.dead_letter_causes == ["case_isolated"]
    desk.passes(minutes(61))
    decision, unreadable, late = desk.driver.dead_letters
    assert (unreadable.cause, unreadable.by_reference) == ("case_isolated", True)
    assert (unreadable.record.topic, unreadable.record.offset) == (ACTIVITY.name, int.from_bytes(first[1:], "big"))
    assert (late.cause, late.by_reference) == ("unknown_case", True)
    assert desk.driver.processor.postponed() == Postponed()
    assert not [key for key in desk.driver.contents("early") if key[:1] in b"lr"]
    assert desk.words_of_record(decision.record)[0] == "first_response started"
    desk.driver.restart()
    assert "first_response fulfilled late" in desk.record_activity("agent_replied", BAD)


def test_what_a_case_has_done_before_its_timer_failed_stays_done() -> None:
    """Each timer is for itself: the warning was right and is out, the breach is tried again."""
    desk = TaskDesk()
    desk.opens(BAD)
    assert desk.passes(minutes(50)) == [WARNED]
    damages(desk)
    desk.passes(minutes(20))
    assert desk.in_words().count(WARNED) == 1
    assert desk.driver.processor.postponed().timers == 1


def test_early_activity_that_cannot_be_given_up_does_not_stop_the_cases() -> None:
    """Its list is damaged; the timers of cases and of other lists go on."""
    desk = TaskDesk()
    desk.record_activity("agent_replied", BAD)
    desk.record_activity("agent_replied", OTHER)
    kept = desk.driver.changelogs["early"]
    listed = kept[list_key(BAD)]
    kept[list_key(BAD)] = listed[:8] + b"\xc1"
    desk.driver.restart()
    desk.opens(CASE)
    assert desk.passes(minutes(46)) == [WARNED]
    assert desk.dead_letter_causes == ["unknown_case"]
    assert desk.driver.processor.postponed().timers == 1
    assert early_activity.due_of(list_key(BAD), desk.driver.stores["early"].get(list_key(BAD)))


def test_an_isolated_case_counts_as_due_and_unfired_and_is_no_alarm_of_its_own() -> None:
    """The gauge stays honest for a week; the alarm is for a task whose timers stand still."""
    desk, _ = with_a_bad_case()
    desk.passes(minutes(46))
    auditor = Auditor(alarm_seconds=10)
    with capture_logs() as logged:
        auditor.observe(5, desk.driver.processor, Reading(desk.driver.now, steady=True, drift=0.0))
    assert [line["action"] for line in logged] == []
    labels = {"service": "escalation", "task": "5"}
    assert REGISTRY.get_sample_value("frontline_timers_due_but_unfired", labels) == 1


def _due_timers(desk: TaskDesk, later: timedelta) -> list[Timer]:
    return list(desk.driver.processor.due_timers(Overlay(desk.driver.stores, now=desk.driver.now + later, partition=0)))


@pytest.mark.parametrize("case_id", [BAD, "caso-ñ"])
def test_a_failed_timer_is_named_by_its_case(case_id: str) -> None:
    """Somebody has to look after that customer by hand."""
    desk = TaskDesk()
    desk.opens(case_id)
    (timer,) = _due_timers(desk, minutes(46))
    assert desk.driver.processor.timer_ids(timer) == {"case_id": case_id}
    desk = TaskDesk()
    desk.record_activity("agent_replied", case_id)
    (timer,) = _due_timers(desk, minutes(16))
    assert desk.driver.processor.timer_ids(timer) == {"case_id": case_id}
