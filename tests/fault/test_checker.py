"""The checker of histories finds each kind of violation that is planted, and none in a clean history.

The clean history is what the real topologies write, without Kafka (`tests/harness/recording.py`).
"""

import itertools
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest

from services.replay.recorded_log import Extent, RecordedLog
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, REQUESTS, Topic, dead_letter
from shared.kafka.record import Record
from tests.fault.checker import INVARIANTS, REPLAY, records_of, replay_violations, violations
from tests.fault.client_history import Call
from tests.fault.log_history import Place, history_of
from tests.harness.asking import account
from tests.harness.recording import Recording, log_of
from tests.topology.replay.helpers import LIBRARY

MINUTE = timedelta(minutes=1)
UNANSWERED, RESOLVED, PAUSED, LATER, LATE, WITHDRAWN = (f"{number:032x}" for number in range(1, 7))


@dataclass
class Run:
    """A run that can be changed afterwards: the client's calls, the records, when each was seen, and the offsets."""

    calls: list[Call]
    records: list[Record]
    consumed: dict[str, dict[str, dict[int, int]]]
    ended: datetime
    seen: dict[Place, datetime] = field(default_factory=dict)

    def found(self) -> set[str]:
        """The invariants that the checker finds violated."""
        history = history_of(self.calls, self.records, ended=self.ended, seen=self.seen, consumed=self.consumed)
        return {violation.invariant for violation in violations(history)}

    def places(self, topic: Topic, of: str = "", kind: str = "") -> list[int]:
        """Where in `records` the records of a topic are: of a case or request, of a type of event."""
        return [
            index
            for index, record in enumerate(self.records)
            if record.topic == topic.name
            and of.encode() in (record.value or b"")
            and (
                not kind or any(kind.encode() in (value or b"") for name, value in record.headers if name == "ce_type")
            )
        ]

    def edit(self, index: int, **data: Any) -> None:
        """Change fields of an event's data."""
        record = self.records[index]
        value = json.loads(record.value or b"") | data
        self.records[index] = replace(record, value=json.dumps(value).encode())

    def append(self, copy_of: int, **headers: str) -> None:
        """Write a record once more at the end of its partition, with other headers if given."""
        record = self.records[copy_of]
        place = (record.topic, record.partition)
        last = max(each.offset for each in self.records if (each.topic, each.partition) == place)
        changed = tuple((name, headers[name].encode() if name in headers else value) for name, value in record.headers)
        self.records.append(replace(record, offset=last + 1, headers=changed))


class Client:
    """Calls the recording as intake's client would, and keeps the history."""

    def __init__(self) -> None:
        self.recording = Recording(LIBRARY)
        self.calls: list[Call] = []

    def acts(self, kind: str, case_id: str, **given: Any) -> None:
        """An activity is acknowledged, and both services run."""
        self.recording.record_activity(kind, case_id, **given)
        written = self.recording.published(ACTIVITY)
        newest = max(json.loads(record.value or b"")["activity_id"] for record in written)
        self._add("activity", ids=(newest,), case_id=case_id, type=kind, to=given.get("to"))

    def asks(self, number: int) -> None:
        """A request is acknowledged."""
        self._add("request", ids=(self.recording.asks(number),))

    def sets(self, plan: str) -> None:
        """The entitlement of the account is acknowledged."""
        self.recording.sets_entitlement(account(plan=plan))
        self._add("entitlement", plan=plan)

    def waits(self, span: timedelta) -> None:
        """Both services read everything; time passes."""
        self.recording.runs()
        self.recording.passes(span)

    def _add(self, kind: Any, **given: Any) -> None:
        now = self.recording.now
        call = Call(kind=kind, key=f"k{len(self.calls)}", account_id="acme", began=now, ended=now, **given)
        self.calls.append(call)
        self.recording.passes(timedelta(milliseconds=5))


@cache
def recorded() -> Run:
    """An unanswered case, one that is resolved, one with a pause, one of a later plan, one that is answered late, one
    that is withdrawn, and an unknown case's reply.
    """
    client = Client()
    client.sets("premier_plus")
    for number in (1, 2, 3, 5, 6):
        client.asks(number)
    client.waits(MINUTE)
    client.acts("agent_replied", RESOLVED)
    client.acts("resolved", RESOLVED)
    client.acts("status_changed", PAUSED, to="waiting_on_customer")
    client.acts("withdrawn", WITHDRAWN)
    client.acts("agent_replied", "nobody")
    client.waits(10 * MINUTE)
    client.acts("status_changed", PAUSED, to="open")
    client.sets("premier")
    client.waits(MINUTE)
    client.asks(4)
    client.waits(3 * 60 * MINUTE)
    client.acts("agent_replied", LATE)
    client.waits(MINUTE)
    recording = client.recording
    run = Run(client.calls, recording.all_records(), recording.consumed(), recording.now)
    for record in recording.published(ESCALATIONS):
        at = recording.now.fromtimestamp(record.timestamp_ms / 1000, recording.now.tzinfo)
        run.seen[record.topic, record.partition, record.offset] = at + timedelta(milliseconds=2)
    return run


@pytest.fixture
def run() -> Run:
    """A clean run, to be changed."""
    return deepcopy(recorded())


def test_a_clean_history_has_no_violation(run: Run) -> None:
    """Otherwise every run would be a false alarm; and the scenario has what the plants need."""
    assert run.found() == set()
    assert len(run.places(dead_letter(ACTIVITY))) == 1
    assert run.places(ESCALATIONS, UNANSWERED, "breached")


def _lose_a_request(run: Run) -> None:
    del run.records[run.places(REQUESTS, UNANSWERED)[0]]


def _lose_an_activity(run: Run) -> None:
    del run.records[run.places(ACTIVITY, RESOLVED, "agent_replied")[0]]


def _answer_with_two_ids(run: Run) -> None:
    run.calls[1] = msgspec.structs.replace(run.calls[1], ids=(UNANSWERED, RESOLVED))


def _refuse_a_legal_call(run: Run) -> None:
    run.calls[1] = msgspec.structs.replace(run.calls[1], refused=409)


def _lose_a_decision(run: Run) -> None:
    del run.records[run.places(CASES, UNANSWERED)[0]]


def _decide_twice(run: Run) -> None:
    run.append(run.places(CASES, UNANSWERED)[0], ce_id="another")


def _decide_unasked(run: Run) -> None:
    run.calls = [call for call in run.calls if call.id != UNANSWERED]
    _lose_a_request(run)


def _leave_in_flight(run: Run) -> None:
    run.consumed["escalation"][ACTIVITY.name] = {}


def _publish_twice(run: Run) -> None:
    run.append(run.places(ESCALATIONS, UNANSWERED, "warned")[0])


def _dead_letter_twice(run: Run) -> None:
    run.append(run.places(dead_letter(ACTIVITY))[0])


def _write_rubbish(run: Run) -> None:
    place = run.places(ESCALATIONS, UNANSWERED, "warned")[0]
    run.records[place] = replace(run.records[place], value=b"?")


def _swap_activities(run: Run) -> None:
    first, second = run.places(ACTIVITY, RESOLVED)
    one, other = run.records[first], run.records[second]
    run.records[first] = replace(other, offset=one.offset)
    run.records[second] = replace(one, offset=other.offset)


def _swap_decisions(run: Run) -> None:
    """As if a task had decided a later request of the account first."""
    cases = run.places(CASES)
    earlier, later = next(
        (one, other)
        for one, other in itertools.pairwise(cases)
        if run.records[one].partition == run.records[other].partition
    )
    offsets = run.records[earlier].offset, run.records[later].offset
    run.records[earlier], run.records[later] = (
        replace(run.records[later], offset=offsets[0]),
        replace(run.records[earlier], offset=offsets[1]),
    )


def _forget_a_position(run: Run) -> None:
    """As if a task had read its sources again from the beginning."""
    place = run.places(ESCALATIONS, UNANSWERED, "raised")[-1]
    caused_by = json.loads(run.records[place].value or b"")["caused_by"]
    run.edit(place, caused_by=caused_by | {"positions": dict.fromkeys(caused_by["positions"], 0)})


def _ignore_a_reply(run: Run) -> None:
    for place in reversed(run.places(ESCALATIONS, RESOLVED, "fulfilled")):
        del run.records[place]


def _dead_letter_without_cause(run: Run) -> None:
    place = run.places(dead_letter(ACTIVITY))[0]
    record = run.records[place]
    headers = tuple((name, b"" if name == "dlt-cause" else value) for name, value in record.headers)
    run.records[place] = replace(record, headers=headers)


def _decide_by_an_old_entitlement(run: Run) -> None:
    place = run.places(CASES, LATER)[0]
    entitlement = json.loads(run.records[place].value or b"")["entitlement"]
    run.edit(place, entitlement=entitlement | {"offset": 0, "plan": "premier_plus"})


def _decide_by_another_plan(run: Run) -> None:
    place = run.places(CASES, LATER)[0]
    entitlement = json.loads(run.records[place].value or b"")["entitlement"]
    run.edit(place, entitlement=entitlement | {"plan": "access"})


def _fire_early(run: Run) -> None:
    place = run.places(ESCALATIONS, UNANSWERED, "breached")[0]
    run.edit(place, observed_at=json.loads(run.records[place].value or b"")["at"].replace("13:", "12:"))


def _fire_early_by_a_wrong_clock(run: Run) -> None:
    record = run.records[run.places(ESCALATIONS, UNANSWERED, "breached")[0]]
    run.seen[record.topic, record.partition, record.offset] -= timedelta(seconds=1)


def _raise_twice(run: Run) -> None:
    run.append(run.places(ESCALATIONS, UNANSWERED, "raised")[-1], ce_id="another")


def _skip_a_breach(run: Run) -> None:
    for place in reversed(run.places(ESCALATIONS, UNANSWERED, "breached")):
        del run.records[place]


def _skip_the_breach_of_a_late_reply(run: Run) -> None:
    for kind in ("breached", "raised", "warned"):
        for place in reversed(run.places(ESCALATIONS, LATE, kind)):
            if b"first_response" in (run.records[place].value or b""):
                del run.records[place]


def _ignore_a_pause(run: Run) -> None:
    for kind in ("paused", "resumed"):
        for place in reversed(run.places(ESCALATIONS, PAUSED, kind)):
            del run.records[place]


def _ignore_a_withdrawal(run: Run) -> None:
    for place in reversed(run.places(ESCALATIONS, WITHDRAWN, "cancelled")):
        del run.records[place]
    for place in reversed(run.places(ESCALATIONS, WITHDRAWN, "case.closed")):
        del run.records[place]


def _call_nobody(run: Run) -> None:
    for place in reversed(run.places(ESCALATIONS, UNANSWERED, "raised")):
        del run.records[place]


def _start_no_clock(run: Run) -> None:
    for place in reversed(run.places(ESCALATIONS, UNANSWERED)):
        del run.records[place]


def _escalate_a_resolved_case(run: Run) -> None:
    place = run.places(ESCALATIONS, UNANSWERED, "raised")[-1]
    value = json.loads(run.records[place].value or b"")
    resolved = run.records[run.places(ACTIVITY, RESOLVED, "resolved")[0]]
    read = value["caused_by"] | {"positions": {ACTIVITY.name: resolved.offset + 1, CASES.name: 99}}
    run.edit(place, case_id=RESOLVED, caused_by=read)


def _lose_a_second_of_a_pause(run: Run) -> None:
    place = run.places(ESCALATIONS, PAUSED, "resumed")[0]
    due = datetime.fromisoformat(json.loads(run.records[place].value or b"")["due_at"])
    run.edit(place, due_at=(due - timedelta(seconds=1)).isoformat())


PLANTS: dict[Callable[[Run], None], str] = {
    _lose_a_request: "acknowledged_is_in_the_log",
    _lose_an_activity: "acknowledged_is_in_the_log",
    _answer_with_two_ids: "one_key_has_one_id",
    _refuse_a_legal_call: "one_key_has_one_id",
    _lose_a_decision: "one_decision_for_each_request",
    _decide_twice: "one_decision_for_each_request",
    _decide_unasked: "one_decision_for_each_request",
    _leave_in_flight: "everything_is_consumed",
    _publish_twice: "nothing_is_published_twice",
    _dead_letter_twice: "nothing_is_published_twice",
    _write_rubbish: "poison_is_dead_lettered",
    _swap_activities: "order_of_each_key_is_kept",
    _swap_decisions: "order_of_each_key_is_kept",
    _forget_a_position: "order_of_each_key_is_kept",
    _ignore_a_reply: "acknowledged_activity_counts",
    _ignore_a_pause: "acknowledged_activity_counts",
    _ignore_a_withdrawal: "acknowledged_activity_counts",
    _dead_letter_without_cause: "acknowledged_activity_counts",
    _decide_by_an_old_entitlement: "decisions_use_the_latest_entitlement",
    _decide_by_another_plan: "acknowledged_entitlement_counts",
    _fire_early: "no_timer_is_early",
    _fire_early_by_a_wrong_clock: "no_timer_is_early",
    _raise_twice: "each_level_is_reached_once",
    _skip_a_breach: "no_miss_is_lost",
    _skip_the_breach_of_a_late_reply: "no_miss_is_lost",
    _call_nobody: "no_miss_is_lost",
    _start_no_clock: "no_miss_is_lost",
    _escalate_a_resolved_case: "nothing_escalates_after_the_resolution",
    _lose_a_second_of_a_pause: "pauses_conserve_time",
}


@pytest.mark.parametrize(("plant", "invariant"), PLANTS.items(), ids=lambda each: getattr(each, "__name__", each))
def test_a_planted_violation_is_found(run: Run, plant: Callable[[Run], None], invariant: str) -> None:
    """An invariant whose violation the checker cannot see proves nothing."""
    plant(run)
    assert invariant in run.found()


def test_each_invariant_has_a_planted_violation() -> None:
    """Also the next one that somebody adds."""
    assert set(PLANTS.values()) == set(INVARIANTS)


def log_of_run(run: Run) -> RecordedLog:
    """The records of a run as a log that can be replayed."""
    return log_of(Extent(Recording(LIBRARY).partitions, {}, run.consumed), run.records)


def test_a_replay_that_differs_is_a_violation(run: Run) -> None:
    """The whole log of a run is replayed; a changed verdict is named, and the clean log has none."""
    with log_of_run(run) as log:
        assert len(list(records_of(log))) == len(run.records)
        assert replay_violations(log, LIBRARY) == []
    run.edit(run.places(ESCALATIONS, UNANSWERED, "breached")[0], promise="commitment")
    with log_of_run(run) as log:
        assert {violation.invariant for violation in replay_violations(log, LIBRARY)} == {REPLAY}


def test_cases_that_were_judged_before_are_left_out(run: Run) -> None:
    """After a topic was deleted, only what came later can be judged."""
    _lose_a_request(run)
    later = history_of(
        run.calls, run.records, ended=run.ended, consumed=run.consumed, without_cases=frozenset({UNANSWERED})
    )
    assert violations(later) == []


def test_an_unreadable_record_is_no_violation_if_it_was_dead_lettered_or_judged_before(run: Run) -> None:
    """Foreign producers write such records during a run; they stay in the log after a topic was changed."""
    poison = run.records[run.places(ACTIVITY, "nobody")[0]]
    run.records = [replace(each, value=b"?") if each is poison else each for each in run.records]
    run.calls = [call for call in run.calls if call.case_id != "nobody"]
    assert run.found() == set()
    run.records = [each for each in run.records if each.topic != dead_letter(ACTIVITY).name]
    assert run.found() == {"poison_is_dead_lettered"}
    known = frozenset({(poison.topic, poison.partition, poison.offset)})
    later = history_of(run.calls, run.records, ended=run.ended, consumed=run.consumed, without_unreadable=known)
    assert violations(later) == []
