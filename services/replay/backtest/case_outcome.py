"""[pure] What became of a case under an edition: its clocks, folded from its activity by the functions that run live.

Every record is applied at the instant at which intake recorded it, and every timer fires in its time. So both editions
of a backtest see the same history. The end is `until`: a clock whose deadline lies after it is open, not breached.
"""

from collections.abc import Iterable
from typing import NamedTuple

from services.replay.backtest.not_comparable import unknown_milestone
from services.replay.backtest.timely_case import calls_made, clocks_at_end, is_timely
from services.replay.errors import ReplayError
from shared.business_time.errors import CalendarError
from shared.business_time.instants import Micros, to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.messages.reason import Reason
from shared.policy.deadlines import due_of
from shared.sla.case import CaseStep, apply_activity, fire, is_retry, new_case, open_clocks
from shared.sla.case_state import CaseState
from shared.sla.clock import Clock
from shared.sla.effects import ClockWarned, EscalationEvent, EscalationRaised
from shared.sla.errors import InputRefused
from shared.sla.event_time import check_not_before
from shared.sla.fold import as_of
from shared.sla.input_checks import check_activity, check_case
from shared.sla.pinned_edition import Editions, short_of
from shared.sla.sla_clock import clocks_of
from shared.sla.terms_in_force import view_of

ClockName = tuple[str, int]  # milestone and instance


class ClockOutcome(NamedTuple):
    """One clock at the end. `due_at` counts the pauses until then; None if its calendar does not open for so long."""

    promise: str
    target_seconds: int | None
    target_business_days: int | None
    hours: str | None
    stage: str
    due_at: Micros | None
    breached_at: Micros | None
    is_open: bool


class Call(NamedTuple):
    """Somebody was called about a clock: a warning, or a level of escalation."""

    milestone: str
    instance: int
    kind: str
    level: int
    repetition: int
    called: str


class CaseOutcome(NamedTuple):
    """A case under an edition. `calls` have their instants.

    `refused` has the activity of which the edition says nothing: it would be dead-lettered, or has terms of a milestone
    that the edition does not have.
    """

    case: CaseRouted
    clocks: dict[ClockName, ClockOutcome]
    calls: dict[Call, Micros]
    refused: dict[str, Reason]
    activities: list[ActivityRecorded]


class CannotFold(ReplayError):
    """No clock of a case can be counted under an edition; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def outcome(
    case: CaseRouted, activities: Iterable[ActivityRecorded], editions: Editions, until: Micros, *, migrates: bool
) -> CaseOutcome:
    """The outcome of `case` and its `activities`, in the order of the log, at `until`.

    `migrates`: migrations to other editions are applied, as they were recorded. Raises CannotFold.
    """
    state = _new_case(case, editions)
    history = [each for each in activities if migrates or each.type != "policy_migrated"]
    if is_timely(case, history, editions.of(state.edition).rules):
        try:
            return _of_timely(case, state, editions, history, until)
        except CalendarError:  # steps tell which activity cannot be counted
            pass
    return step_by_step(case, state, editions, history, until)


def step_by_step(
    case: CaseRouted, state: CaseState, editions: Editions, activities: Iterable[ActivityRecorded], until: Micros
) -> CaseOutcome:
    """The outcome of a new case in `state`, with whatever activity. Raises CannotFold."""
    try:
        return _steps(case, state, editions, activities, until)
    except InputRefused as error:
        raise CannotFold(_reason(error)) from None
    except CalendarError as error:
        raise CannotFold(_reason(InputRefused("uncountable_target", str(error)))) from None


def _steps(
    case: CaseRouted, state: CaseState, editions: Editions, activities: Iterable[ActivityRecorded], until: Micros
) -> CaseOutcome:
    folded = _FoldedCase(state, editions, open_clocks(state, editions, to_micros(case.observed_at)))
    applied: list[ActivityRecorded] = []
    refused: dict[str, Reason] = {}
    for activity in _in_order(case, activities):
        try:
            if folded.apply(activity, until):
                applied.append(activity)
                if (reason := folded.unknown_milestone(activity)) is not None:
                    refused[activity.activity_id] = reason
        except InputRefused as error:
            refused[activity.activity_id] = _reason(error)
    folded.fire_until(until)
    return CaseOutcome(case, _by_name(folded.clocks(until), until), folded.calls, refused, applied)


def _of_timely(
    case: CaseRouted, state: CaseState, editions: Editions, activities: Iterable[ActivityRecorded], until: Micros
) -> CaseOutcome:
    """The outcome of a timely case. Raises CalendarError."""
    applied = [activity for activity in activities if to_micros(activity.recorded_at) <= until]
    view = view_of(state, editions)
    calls: dict[Call, Micros] = {}
    clocks = clocks_at_end(view, applied, until)
    for clock in clocks:
        for step, at in calls_made(view.policy, clock, until):
            call = Call(clock.milestone, clock.instance, step.kind, step.level, step.repetition, step.called)
            calls[call] = at
    return CaseOutcome(case, _by_name(clocks, until), calls, {}, applied)


class _FoldedCase:
    """A case between two records. The next timer fires before the next record, if it is due by then."""

    def __init__(self, state: CaseState, editions: Editions, step: CaseStep) -> None:
        self.calls: dict[Call, Micros] = {}
        self._state, self._editions = state, editions
        self._timer: Micros | None = None
        self._deleted = False
        self._take(step)

    def unknown_milestone(self, activity: ActivityRecorded) -> Reason | None:
        """What an activity that was applied says of a milestone that the case does not have."""
        if activity.milestones is None:
            return None
        view = view_of(self._state, self._editions)
        return unknown_milestone(activity, view.policy.rules, view.pinned.edition)

    def apply(self, activity: ActivityRecorded, until: Micros) -> bool:
        """Whether an activity was applied: it was recorded by `until`, and is no retry. Raises InputRefused."""
        check_activity(activity, activity.recorded_at)
        check_not_before(activity, self._state.opened_at)
        now = to_micros(activity.recorded_at)
        if now > until or is_retry(self._state, activity):
            return False
        self.fire_until(now)
        if self._deleted:
            return False
        self._take(apply_activity(self._state, self._editions, activity, now))
        return True

    def fire_until(self, now: Micros) -> None:
        """Fire what is overdue at `now`, in the order of its instants."""
        if self._timer is not None and self._timer < now:
            step = fire(self._state, self._editions, now - 1, now)
            if step is None:
                self._timer, self._deleted = None, True
            else:
                self._take(step)

    def clocks(self, until: Micros) -> list[Clock]:
        """The clocks at `until`."""
        view = view_of(self._state, self._editions)
        return as_of(clocks_of(view.policy, view.clocks), until)

    def _take(self, step: CaseStep) -> None:
        self._timer = step.timer
        for effect in step.effects:
            call = _call(effect)
            if call is not None:
                self.calls.setdefault(call, effect.at)


def _new_case(case: CaseRouted, editions: Editions) -> CaseState:
    pinned = editions.find(case.edition, case.policy_sha256)
    if pinned is None:
        facts = {"edition": case.edition[:100], "policy_sha256": case.policy_sha256[:64]}
        raise CannotFold(Reason("backtest.edition_missing", **facts))
    try:
        check_case(case)
        return new_case(case, short_of(case.policy_sha256), pinned, None)
    except InputRefused as error:
        raise CannotFold(_reason(error)) from None


def _in_order(case: CaseRouted, activities: Iterable[ActivityRecorded]) -> list[ActivityRecorded]:
    """In the order in which escalation applies them: what came before the case waited for it."""
    early: list[ActivityRecorded] = []
    later: list[ActivityRecorded] = []
    for activity in activities:
        (later if activity.recorded_at >= case.observed_at else early).append(activity)
    early.sort(key=lambda activity: (activity.at, activity.activity_id))
    return early + later


def _by_name(clocks: Iterable[Clock], until: Micros) -> dict[ClockName, ClockOutcome]:
    return {(clock.milestone, clock.instance): _clock_outcome(clock, until) for clock in clocks}


def _clock_outcome(clock: Clock, until: Micros) -> ClockOutcome:
    return ClockOutcome(
        clock.promise,
        clock.terms.target_seconds,
        clock.terms.target_business_days,
        clock.terms.hours,
        clock.stage,
        _deadline(clock, until) if clock.due_at is None else clock.due_at,
        clock.breached_at,
        clock.live and clock.breached_at is None,
    )


def _deadline(clock: Clock, until: Micros) -> Micros | None:
    """The deadline of a clock that is paused, as if it went on at `until`."""
    pauses = [*clock.paused_spans, (clock.since, until)] if clock.since < until else clock.paused_spans
    try:
        return due_of(clock.terms, clock.target, clock.started_at, clock.calendar, pauses)
    except CalendarError:
        return None


def _call(effect: EscalationEvent) -> Call | None:
    if isinstance(effect, ClockWarned):
        kind = "warning"
    elif isinstance(effect, EscalationRaised):
        kind = "escalation"
    else:
        return None
    return Call(effect.milestone, effect.instance, kind, effect.level, effect.repetition or 0, effect.called)


def _reason(error: InputRefused) -> Reason:
    return Reason("backtest.refused", cause=error.cause, message=str(error)[:300])
