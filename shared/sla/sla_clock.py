"""[pure] The clocks of a case: opened by its submission, moved by what happens to it and by time.

Each step takes the state of the case's clocks and returns it changed, with the effects to publish and the
case's next timer. The same functions run live, in `frontline clocks` and in replay. Activity states facts; only time
(`advance`) calls people: a warning or a level that was overdue when the clock stopped calls nobody any more.

Steps raise CalendarError where a target cannot be counted (a calendar that never opens, or none).
Instants are microseconds since 1970 UTC.
"""

from collections.abc import Iterable
from typing import NamedTuple

from shared.business_time.instants import Micros
from shared.contracts.vocabulary import StatusKind
from shared.sla import effects
from shared.sla.clock import Activity, CaseClocks, CasePolicy, Clock, Fired, Mark, StatusChange
from shared.sla.clock_diff import Change, difference, withdraw_instance
from shared.sla.event_time import counts_from
from shared.sla.fold import FoldedCase, folded
from shared.sla.levels import reached, together
from shared.sla.next_due import Firing, Key, Marks, earliest, mark_of, overdue
from shared.sla.order import STATUS_ENDED

LATE_RECORD = "late_record"
DEADLINE_PASSED = "deadline_passed"


class Step(NamedTuple):
    """The outcome of one step. Publish `effects` in order; something is due once the wall clock is past `next_due`.

    `clocks` are those of `case`, and `status` is its present status, so that nobody has to fold again. `is_closed` says
    whether the case is closed or withdrawn, `was_closed` whether it was before the step, and `messages_on_closed` which
    of the customer's messages came while it was.
    """

    case: CaseClocks
    effects: list[effects.ClockEvent]
    next_due: Micros | None
    clocks: list[Clock]
    status: StatusChange
    is_closed: bool
    was_closed: bool
    messages_on_closed: frozenset[str]

    @property
    def any_live(self) -> bool:
        """Whether a clock is still unanswered, be it that it is paused, or that everybody was called already."""
        return any(clock.live for clock in self.clocks)


def open_case(policy: CasePolicy, opened_at: Micros, status: str = "open") -> Step:
    """The clocks that a submission at `opened_at` starts, whenever it was processed. `status` may pause at once."""
    case = CaseClocks(opened_at, status, seen_until=opened_at)
    return _step(policy, case, [], case, Change("submitted", opened_at, opened_at))


def apply_activity(policy: CasePolicy, case: CaseClocks, activity: Activity, now: Micros) -> Step:
    """Apply one activity, in time or late, at wall clock `now`; one with a known id changes nothing.

    A stop or pause after the deadline publishes the breach, whether or not a timer did. A published verdict that comes
    out differently is followed by ClockRestated.
    """
    if activity.kind not in policy.rules.relevant or any(known.id == activity.id for known in case.history):
        return unchanged(policy, case)
    at = counts_from(activity.at, case.opened_at)
    started = _end_statuses(policy, case, at, now)
    case = started.case
    cause = activity.kind if at >= case.seen_until else LATE_RECORD
    changed = case._replace(history=(*case.history, activity), seen_until=max(case.seen_until, at))
    step = _step(policy, case, started.clocks, changed, Change(cause, at, now))
    return step._replace(effects=started.effects + step.effects, was_closed=started.was_closed)


def unchanged(policy: CasePolicy, case: CaseClocks) -> Step:
    """A step in which nothing happens: the clocks as they stand, and what is due next."""
    folded_case = _folded(policy, case)
    return _stepped(policy, case, [], folded_case, folded_case.clocks())


def refold(policy: CasePolicy, step: Step, history: Iterable[Activity], at: Micros, now: Micros) -> Step:
    """Continue `step` with the same history in other terms: a late activity at `at` changes what a later one inherits.

    The effects are those of both.
    """
    changed = step.case._replace(history=tuple(history))
    change = Change(LATE_RECORD, counts_from(at, step.case.opened_at), now)
    again = _step(policy, step.case, step.clocks, changed, change)
    return again._replace(effects=step.effects + again.effects, was_closed=step.was_closed)


def advance(policy: CasePolicy, case: CaseClocks, now: Micros) -> Step:
    """Fire everything that is overdue at `now` (its instant < now), in the order of its instants; nothing is skipped.

    Firing twice, or with a timer that an activity has made stale, finds nothing to do.
    """
    found: list[effects.ClockEvent] = []
    was_closed: bool | None = None  # before the first status ended
    while (ends_at := pending_ending(policy, case)) is not None and ends_at < now:
        fired = _fire_until(policy, case, ends_at)
        ended = _end_status(policy, fired.case, ends_at, now)
        found += fired.effects + ended.effects
        was_closed = fired.is_closed if was_closed is None else was_closed
        case = ended.case
    fired = _fire_until(policy, case, now)
    return fired._replace(
        effects=found + fired.effects, was_closed=fired.is_closed if was_closed is None else was_closed
    )


def _fire_until(policy: CasePolicy, case: CaseClocks, now: Micros) -> Step:
    """Fire everything that is overdue at `now`, by the statuses as they are."""
    folded_case = _folded(policy, case)
    clocks = folded_case.clocks()
    by_key = {(clock.milestone, clock.instance): clock for clock in clocks}
    marks = _marks(case)
    found: list[effects.ClockEvent] = []
    seen_until = case.seen_until
    for firing in overdue(policy, clocks, marks, now):
        clock = by_key[firing.key]
        marks[firing.key], effect = _fire(policy, clock, mark_of(marks, clock), firing)
        found.append(effect)
        seen_until = max(seen_until, firing.at)
    if found:
        case = case._replace(marks=_worth_keeping(marks), seen_until=seen_until)
    return _stepped(policy, case, found, folded_case, clocks)


def _end_statuses(policy: CasePolicy, case: CaseClocks, at: Micros, now: Micros) -> Step:
    """End the statuses that end by themselves at `at` or before: an activity comes after them."""
    found: list[effects.ClockEvent] = []
    before = unchanged(policy, case)
    step = before
    while (ends_at := pending_ending(policy, step.case)) is not None and ends_at <= at:
        step = _end_status(policy, step.case, ends_at, now)
        found += step.effects
    return step._replace(effects=found, was_closed=before.is_closed)


def _end_status(policy: CasePolicy, case: CaseClocks, at: Micros, now: Micros) -> Step:
    """The status of the case ends by itself at `at`."""
    changed = case._replace(seen_until=max(case.seen_until, at))
    return _step(policy, case, clocks_of(policy, case), changed, Change(STATUS_ENDED, at, now))


def pending_ending(policy: CasePolicy, case: CaseClocks) -> Micros | None:
    """When the present status ends by itself, if that is still to come."""
    if all(activity.until is None for activity in case.history):
        return None
    return _pending_ending(case, _folded(policy, case))


def _pending_ending(case: CaseClocks, folded_case: FoldedCase) -> Micros | None:
    by = folded_case.status_set_by
    ends = (activity.until for activity in case.history if activity.id == by and activity.until is not None)
    found = next(ends, None)
    return None if found is None or found <= case.seen_until else found


def _stepped(
    policy: CasePolicy,
    case: CaseClocks,
    found: list[effects.ClockEvent],
    folded_case: FoldedCase,
    clocks: list[Clock],
) -> Step:
    """The step to `case`. It has to be looked at again for a call, a deadline, or the end of its status, which can
    reopen a case that has no live clock.
    """
    dues = (earliest(policy, clocks, _marks(case)), _pending_ending(case, folded_case))
    next_due = min((at for at in dues if at is not None), default=None)
    closed = folded_case.is_closed
    return Step(case, found, next_due, clocks, folded_case.status, closed, closed, folded_case.messages_on_closed)


def next_due(policy: CasePolicy, case: CaseClocks) -> Micros | None:
    """The instant of the case's one timer, across its milestones, or None: it is due once the wall clock is past it."""
    return unchanged(policy, case).next_due


def clocks_of(policy: CasePolicy, case: CaseClocks) -> list[Clock]:
    """The clocks of the case, by milestone and instance, as its activity makes them."""
    return _folded(policy, case).clocks()


def status_kind_at(policy: CasePolicy, case: CaseClocks, at: Micros) -> StatusKind:
    """What the status of the case counted as at `at`, by the activity until then."""
    known = [activity for activity in case.history if activity.at <= at]
    return folded(policy, case.opened_at, case.status, known, at).status_kind


def _folded(policy: CasePolicy, case: CaseClocks) -> FoldedCase:
    return folded(policy, case.opened_at, case.status, case.history, case.seen_until)


def _step(policy: CasePolicy, case: CaseClocks, before: list[Clock], changed: CaseClocks, change: Change) -> Step:
    """Publish the difference that the activity in `changed` makes."""
    folded_case = _folded(policy, changed)
    after = folded_case.clocks()
    change = change._replace(status=folded_case.status.status)
    marks = _marks(case)
    inherited = _renumbered(before, after, marks)
    old = {(clock.milestone, clock.instance): clock for clock in before}
    found: list[effects.ClockEvent] = []
    for clock in after:
        key = (clock.milestone, clock.instance)
        mark = mark_of(marks, clock)
        mark = mark._replace(fired=together(mark.fired, inherited.get(key, ())))
        marks[key], published = difference(old.pop(key, None), clock, mark, change)
        found += published
    for key, clock in old.items():
        marks[key], published = withdraw_instance(clock, mark_of(marks, clock), change)
        found += published
    changed = changed._replace(marks=_worth_keeping(marks))
    return _stepped(policy, changed, found, folded_case, after)


def _fire(policy: CasePolicy, clock: Clock, mark: Mark, firing: Firing) -> tuple[Mark, effects.ClockEvent]:
    if firing.call is not None:
        return reached(policy, clock, mark, firing.call, firing.at)
    facts = clock.facts(mark.generation)
    late = mark._replace(verdict="breached", breached=True)
    if mark.breached:  # it was breached before, then got a later deadline: that one has passed as well
        return late, effects.ClockRestated(
            **facts, at=firing.at, old=mark.verdict, new="breached", cause=DEADLINE_PASSED
        )
    return late, effects.ClockBreached(**facts, at=firing.at, breached_at=firing.at)


def _renumbered(before: list[Clock], after: list[Clock], marks: Marks) -> dict[Key, Fired]:
    """The calls that a clock has behind it under another number: late activity can put an instance before it."""
    fired = {(old.milestone, old.started_at): mark_of(marks, old).fired for old in before}
    return {
        (clock.milestone, clock.instance): calls
        for clock in after
        if (calls := fired.get((clock.milestone, clock.started_at)))
    }


def _marks(case: CaseClocks) -> dict[Key, Mark]:
    return {(mark.milestone, mark.instance): mark for mark in case.marks}


def _worth_keeping(marks: Marks) -> tuple[Mark, ...]:
    return tuple(mark for key, mark in marks.items() if mark != Mark(*key))
