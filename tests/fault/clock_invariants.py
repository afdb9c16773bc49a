"""[pure] What must hold for clocks, timers and escalation levels, whatever fails."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from shared.contracts.topics import ACTIVITY, CASES
from tests.fault.log_history import History, Logged
from tests.fault.request_invariants import positions_after
from tests.fault.violation import Violation

WARNED, BREACHED = "frontline.clock.warned.v1", "frontline.clock.breached.v1"
STARTED, PAUSED, RESUMED = "frontline.clock.started.v1", "frontline.clock.paused.v1", "frontline.clock.resumed.v1"
FULFILLED, CANCELLED = "frontline.clock.fulfilled.v1", "frontline.clock.cancelled.v1"
RAISED, SUPPRESSED = "frontline.escalation.raised.v1", "frontline.escalation.suppressed.v1"
OF_TIME = frozenset({WARNED, BREACHED, RAISED, SUPPRESSED})  # what a timer may publish
GRACE = timedelta(seconds=5)  # for a timer that came due while the log was read
REOPENS = frozenset({"reopened", "customer_replied", "status_changed", "reply_retracted"})

ClockKey = tuple[str, str, int]  # case, milestone, instance
_LIVE = (STARTED, RESUMED)
_FULFILS = {"agent_replied": "first_response", "restored": "restoration", "resolved": "restoration"}
# What moves a restoration in one of these states, by type of activity and status.
_MOVES = {
    ("status_changed", "waiting_on_customer"): _LIVE,
    ("status_changed", "open"): (PAUSED,),
    ("customer_replied", None): (PAUSED,),
    ("withdrawn", None): (*_LIVE, PAUSED),
}


def acknowledged_activity_counts(history: History) -> Iterator[Violation]:
    """Every acknowledged activity has its effect on the clocks, or is a dead letter with a cause."""
    name = "acknowledged_activity_counts"
    by_id = {logged.event.activity_id: logged for logged in reversed(history.activities)}
    events = history.escalations_by_case()
    for call in history.calls:
        logged = by_id.get(call.id or "")
        if call.kind != "activity" or logged is None or call.case_id is None:
            continue
        what, letter = f"{call.type} of case {call.case_id}", history.dead_letters.get(logged.place)
        if letter is not None:
            if not letter.cause:
                yield Violation(name, call.id or "", f"{what} is a dead letter without a cause")
            continue
        of_case = events.get(call.case_id, [])
        milestone = _FULFILS.get(call.type or "")
        kinds = {(each.event.TYPE, clock[1]) for clock, each in _of_clocks(of_case)}
        started = any(of_clock == milestone for _, of_clock in kinds)
        if milestone and started and not any((end, milestone) in kinds for end in (FULFILLED, CANCELLED)):
            yield Violation(name, call.id or "", f"{what} did not end its {milestone} clock")
        moves = _MOVES.get((call.type or "", call.to), ())
        if _state_before(logged, of_case) in moves and not any(_caused_by(logged, each) for each in of_case):
            yield Violation(name, call.id or "", f"{what} did not move its restoration")


def _state_before(activity: Logged, of_case: Iterable[Logged]) -> str | None:
    """The latest event of the restoration before its task had read `activity`; None if there was none."""
    known = [
        each.event.TYPE
        for clock, each in _of_clocks(of_case)
        if clock[1] == "restoration"
        and each.event.TYPE in (STARTED, PAUSED, RESUMED, FULFILLED, CANCELLED)
        and positions_after(each).get(ACTIVITY.name, 0) <= activity.offset
    ]
    return known[-1] if known else None


def _caused_by(activity: Logged, event: Logged) -> bool:
    cause = event.event.caused_by
    return bool(cause.topic == ACTIVITY.name and cause.offset == activity.offset)


def no_timer_is_early(history: History) -> Iterator[Violation]:
    """What time brings is published after its instant: by the clock of the service, and by true time."""
    name = "no_timer_is_early"
    for logged in history.escalations:
        event = logged.event
        if event.TYPE not in OF_TIME:
            continue
        if event.observed_at < event.at:
            yield Violation(name, event.case_id, f"{event.TYPE} of {event.at} was published at {event.observed_at}")
        seen = history.seen.get(logged.place)
        if seen is not None and seen < event.at:
            yield Violation(name, event.case_id, f"{event.TYPE} of {event.at} was read at {seen}, true time")
        if event.TYPE == BREACHED and event.due_at is not None and event.breached_at > event.observed_at:
            yield Violation(name, event.case_id, f"a breach at {event.breached_at} was published before")


def each_level_is_reached_once(history: History) -> Iterator[Violation]:
    """One event for each clock instance, level and repetition; levels ascend; one breach for each instance."""
    name = "each_level_is_reached_once"
    counts: Counter[tuple[object, ...]] = Counter()
    highest: dict[ClockKey, int] = {}
    for clock, logged in _of_clocks(history.escalations):
        event = logged.event
        if event.TYPE in (RAISED, SUPPRESSED):
            counts[(*clock, "level", event.level, getattr(event, "repetition", None))] += 1
            if event.level < highest.get(clock, 0):
                yield Violation(name, event.case_id, f"level {event.level} of {clock} after level {highest[clock]}")
            highest[clock] = max(event.level, highest.get(clock, 0))
        elif event.TYPE == WARNED:
            counts[(*clock, "warning", event.called, event.share, event.repetition)] += 1
        elif event.TYPE in (BREACHED, STARTED):
            counts[(*clock, event.TYPE)] += 1
    for what, count in counts.items():
        if count > 1:
            yield Violation(name, str(what[0]), f"{what[1:]} was published {count} times")


def no_miss_is_lost(history: History) -> Iterator[Violation]:
    """A clock that ran past its deadline is breached, and its first level was raised or suppressed."""
    name = "no_miss_is_lost"
    clocks: dict[ClockKey, list[Logged]] = defaultdict(list)
    for clock, logged in _of_clocks(history.escalations):
        clocks[clock].append(logged)
    for clock, events in clocks.items():
        states = [each.event for each in events if each.event.TYPE in (STARTED, PAUSED, RESUMED, FULFILLED, CANCELLED)]
        due = next((each.event.due_at for each in reversed(events) if each.event.due_at is not None), None)
        kinds = {each.event.TYPE for each in events}
        if not states or due is None:
            continue
        if states[-1].TYPE == FULFILLED and states[-1].at > due and BREACHED not in kinds:
            yield Violation(name, clock[0], f"{clock[1:]} was due at {due}, answered at {states[-1].at}, not breached")
        if states[-1].TYPE not in (STARTED, RESUMED) or due + GRACE > history.ended:
            continue
        if BREACHED not in kinds:
            yield Violation(name, clock[0], f"{clock[1:]} was due at {due} and is not breached at {history.ended}")
        elif not kinds & {RAISED, SUPPRESSED}:
            yield Violation(name, clock[0], f"{clock[1:]} is breached since {due} and called nobody")
    decided = {case.event.case_id: case.event for case in history.cases if case.place not in history.dead_letters}
    with_clocks = {clock[0] for clock in clocks}
    for case_id, case in decided.items():
        promised = any(each.due_at is not None for each in case.milestones.values())
        if promised and case_id not in with_clocks:
            yield Violation(name, case_id, "the decision promises deadlines, and no clock was started")


def nothing_escalates_after_the_resolution(history: History) -> Iterator[Violation]:
    """No warning, breach or level of a case once its task has read the resolution, unless it was opened again."""
    name = "nothing_escalates_after_the_resolution"
    events = history.escalations_by_case()
    for case_id, activities in history.activities_by_case().items():
        applied = [each for each in activities if each.place not in history.dead_letters]
        resolved = next((each for each in applied if each.event.type == "resolved"), None)
        if resolved is None or any(each.event.type in REOPENS for each in applied if each.offset > resolved.offset):
            continue
        for logged in events.get(case_id, ()):
            caused = logged.event.caused_by
            read = positions_after(logged).get(ACTIVITY.name, 0) > resolved.offset
            by_resolution = caused.topic == ACTIVITY.name and caused.offset == resolved.offset
            known_late = caused.topic == CASES.name and logged.event.at <= resolved.event.at
            if logged.event.TYPE in OF_TIME and read and not by_resolution and not known_late:
                found = f"{logged.event.TYPE} of {logged.event.at} after the resolution at offset {resolved.offset}"
                yield Violation(name, case_id, found)


def pauses_conserve_time(history: History) -> Iterator[Violation]:
    """A P1's deadline, which counts elapsed time, moves by exactly the time paused before it.

    A case whose activity is dated out of order is left out: its pauses may be revised.
    """
    name = "pauses_conserve_time"
    ordered = set(_cases_in_order(history))
    due: dict[ClockKey, datetime] = {}
    paused: dict[ClockKey, datetime] = {}
    for clock, logged in _of_clocks(history.escalations):
        event = logged.event
        if event.case_id not in ordered or event.priority != "P1":
            continue
        if event.TYPE == PAUSED:
            paused[clock] = event.at
        elif event.TYPE in (RESUMED, FULFILLED) and clock in paused and event.due_at is not None and clock in due:
            start = paused.pop(clock)
            moved = event.at - start if start <= due[clock] else timedelta()
            if event.due_at != due[clock] + moved:
                found = f"{clock[1:]} was paused for {event.at - start} and moved by {event.due_at - due[clock]}"
                yield Violation(name, event.case_id, found)
        if event.due_at is not None:
            due[clock] = event.due_at


def _cases_in_order(history: History) -> Iterator[str]:
    opened = {case.event.case_id: case.event.received_at for case in history.cases}
    activities = history.activities_by_case()
    for case_id, received_at in opened.items():
        instants = [received_at, *(each.event.at for each in activities.get(case_id, ()))]
        if instants == sorted(instants):
            yield case_id


def _of_clocks(escalations: Iterable[Logged]) -> Iterator[tuple[ClockKey, Logged]]:
    for logged in escalations:
        if getattr(logged.event, "milestone", None) is not None:
            yield (logged.event.case_id, logged.event.milestone, logged.event.instance), logged
