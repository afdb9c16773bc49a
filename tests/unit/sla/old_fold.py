"""[pure] From what happened to a case to its clocks: the rules of starting, pausing, stopping and recomputing.

Activity is folded in the order of its event times, whenever it arrived. At equal instants: start, new terms, resume,
pause, stop, cancel; then the activity's id. docs/clocks.md says the rules for people.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from shared.business_time.instants import Micros
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import MILESTONES, ActivityType, Milestone
from shared.sla.clock import Activity, CasePolicy, Clock, Pause
from shared.sla.event_time import counts_from

RESOLVED = "resolved"
_ENDS: tuple[ActivityType, ...] = ("closed", "withdrawn")
NEW_TERMS: tuple[ActivityType, ...] = ("reprioritised", "entitlement_refreshed", "policy_migrated")
_FROM_SUBMISSION: tuple[Milestone, ...] = ("first_response", "periodic_update", "restoration", "resolution")
RE_ARMED: tuple[Milestone, ...] = ("restoration", "resolution")  # by reopening the case

# Activity that no clock cares about need not be remembered.
RELEVANT: frozenset[ActivityType] = frozenset(
    (
        "agent_replied",
        "customer_replied",
        "status_changed",
        "restored",
        "resolved",
        "reopened",
        *_ENDS,
        *NEW_TERMS,
    )
)


def fold(policy: CasePolicy, opened_at: Micros, status: str, history: Iterable[Activity]) -> list[Clock]:
    """The clocks of a case by milestone and instance, as they stand after its `history`.

    Whether a running clock's deadline has passed since is not asked here: that is `as_of`, or a timer.
    Raises CalendarError where a target cannot be counted.
    """
    case = _Case(policy, opened_at, status)
    for activity in in_order(policy, history):
        case.take(activity)
    return case.clocks()


def as_of(clocks: list[Clock], at: Micros) -> list[Clock]:
    """The same clocks, knowing that it is `at`: a running clock is breached once `at` is past its deadline."""
    for clock in clocks:
        if clock.stage == "running":
            _note_lateness(clock, at)
    return clocks


def meaning(activity: Activity) -> ActivityType:
    """What an activity amounts to: a status change to resolved, closed or withdrawn is that very act."""
    if activity.kind == "status_changed":
        if activity.to == RESOLVED:
            return "resolved"
        if activity.to == "closed":
            return "closed"
        if activity.to == "withdrawn":
            return "withdrawn"
    return activity.kind


def case_status(history: Iterable[Activity]) -> Literal["open", "resolved", "closed"]:
    """Where a case stands after its `history`, in fold order."""
    found: Literal["open", "resolved", "closed"] = "open"
    for activity in history:
        kind = meaning(activity)
        if kind in _ENDS:
            found = "closed"
        elif kind == "resolved":
            found = found if found == "closed" else "resolved"
        elif kind in ("reopened", "status_changed"):
            found = "open"
    return found


def in_order(policy: CasePolicy, history: Iterable[Activity]) -> list[Activity]:
    """`history` in the total order in which it is folded."""
    activities = list(history)
    pausing: set[str] = set()
    for terms in (policy.terms, *(a.terms for a in activities if a.terms is not None)):
        for milestone_terms in terms.values():
            pausing.update(milestone_terms.paused_by)
    activities.sort(key=lambda a: (a.at, _rank(a, pausing), a.id))
    return activities


def _rank(activity: Activity, pausing: set[str]) -> int:
    kind = meaning(activity)
    if kind == "customer_replied":
        return 0
    if kind in NEW_TERMS:
        return 1
    if kind == "reopened" or (kind == "status_changed" and activity.to not in pausing):
        return 2
    if kind == "status_changed":
        return 3
    return 5 if kind in _ENDS else 4


class _StatusChange(NamedTuple):
    """The case has `status` from `at` on, by the activity `by` ("" = the submission)."""

    at: Micros
    status: str
    by: str


class _Case:
    """The fold's working state. Public methods are the situations of docs/clocks.md."""

    def __init__(self, policy: CasePolicy, opened_at: Micros, status: str) -> None:
        self._calendar = policy.calendar
        self._terms: dict[Milestone, MilestoneTerms] = {}
        self._clocks: dict[Milestone, list[Clock]] = {milestone: [] for milestone in MILESTONES}
        self._opened_at = opened_at
        self._statuses: list[_StatusChange] = [_StatusChange(opened_at, status, "")]
        self._ended = False
        self._done: set[Milestone] = set()  # what was answered, whether or not a clock ran for it
        self._unanswered_since: Micros | None = None
        self._last_update = opened_at
        self._termed_by: dict[Milestone, str] = {}
        self._by = ""  # the activity that is being folded
        self._reopened_at: Micros | None = None
        self._terms.update({m: t for m, t in policy.terms.items() if t.target_seconds is not None})
        for milestone in _FROM_SUBMISSION:
            if milestone in self._terms:
                self._start(milestone, opened_at)

    def clocks(self) -> list[Clock]:
        """All instances, by milestone and number, each with its deadline."""
        found = [clock for milestone in MILESTONES for clock in self._clocks[milestone]]
        for clock in found:
            if clock.stage == "running":
                clock.due_at = clock.deadline()
        return found

    def take(self, activity: Activity) -> None:
        """Fold one activity."""
        at = counts_from(activity.at, self._opened_at)
        self._by = activity.id
        kind = meaning(activity)
        if kind == "customer_replied":
            self._customer_replied(at)
        elif kind == "agent_replied":
            self._agent_replied(at)
        elif kind == "restored":
            self._stop("restoration", at, kind)
        elif kind == "resolved":
            self._stop("restoration", at, kind)
            self._stop("resolution", at, kind)
            self._change_status(_StatusChange(at, RESOLVED, activity.id))
        elif kind == "reopened" or kind == "status_changed":
            self._change_status(_StatusChange(at, activity.to or "open", activity.id))
        elif kind in _ENDS:
            self._end(_StatusChange(at, kind, activity.id))
        elif kind in NEW_TERMS:
            self._change_terms(at, activity)

    # what happens to the case

    def _customer_replied(self, at: Micros) -> None:
        if self._ended:
            return
        if self._unanswered_since is None:
            self._unanswered_since = at
        if "next_response" in self._terms and self._live("next_response") is None:
            self._start("next_response", at)

    def _agent_replied(self, at: Micros) -> None:
        self._unanswered_since = None
        self._last_update = at
        self._stop("first_response", at, "agent_replied")
        self._stop("next_response", at, "agent_replied")
        self._stop("periodic_update", at, "agent_replied")
        if "periodic_update" in self._terms and not self._ended:
            self._start("periodic_update", at)

    def _change_status(self, change: _StatusChange) -> None:
        if self._ended and change.status == RESOLVED:
            return
        reopens = change.status != RESOLVED and (self._ended or self._status_now.status == RESOLVED)
        self._statuses.append(change)
        if reopens:
            self._reopen(change.at)
        for clock in self._live_clocks():
            self._follow_status(clock, change.at)

    def _reopen(self, at: Micros) -> None:
        """The case, which was resolved or had ended, is open again."""
        was_ended, self._ended = self._ended, False
        self._reopened_at = at
        for milestone in RE_ARMED:
            terms = self._terms.get(milestone)
            self._done.discard(milestone)
            if terms is None:
                continue
            last = self._last(milestone)
            if last is None or (terms.reopen == "new_cycle" and not last.live):
                self._start(milestone, at)
            elif last.stopped_at is not None:
                self._resume(last, Pause(last.stopped_at, at, last.why, last.by), terms)
        if was_ended:
            self._last_update = at
            if "periodic_update" in self._terms:
                self._start("periodic_update", at)

    def _end(self, change: _StatusChange) -> None:
        self._ended = True
        self._unanswered_since = None
        self._statuses.append(change)
        for clock in self._live_clocks():
            self._finish(clock, change.at, "cancelled", change.status)

    def _change_terms(self, at: Micros, activity: Activity) -> None:
        if activity.calendar is not None:
            self._calendar = activity.calendar
        for milestone, terms in (activity.terms or {}).items():
            clock = self._last(milestone)
            if terms.target_seconds is None:
                self._terms.pop(milestone, None)
                if clock is not None and clock.live:
                    self._finish(clock, at, "cancelled", activity.kind)
                continue
            self._terms[milestone] = terms
            self._termed_by[milestone] = activity.id
            if clock is not None and clock.live:
                self._retarget(clock, at, terms, activity.kind)
            elif not self._ended:
                self._promise_anew(milestone, at, activity.kind)

    def _promise_anew(self, milestone: Milestone, at: Micros, kind: ActivityType) -> None:
        """A milestone that had no target gets one: it counts from where it would have, if it is still unanswered."""
        since = self._owed_since(milestone)
        if since is None:
            return
        terms, clock = self._terms[milestone], self._last(milestone)
        counted_from = since
        if clock is not None and clock.stopped_at is not None and self._is_the_same_promise(clock, since):
            counted_from, clock.stopped_at = clock.stopped_at, None
        else:
            clock = self._start(milestone, since)
            clock.pauses = []
        pauses, paused_since = self._paused_since(counted_from, terms)
        clock.pauses += pauses
        clock.stage, clock.since, clock.why, clock.by = "running", at, self._status_now.status, self._status_now.by
        if paused_since is not None:
            clock.stage, clock.since, clock.why, clock.by = "paused", *paused_since
        self._recompute(clock, at, terms, kind)

    def _owed_since(self, milestone: Milestone) -> Micros | None:
        """Since when a milestone that has no live clock is unanswered, or None."""
        if milestone == "next_response":
            return self._unanswered_since
        if milestone == "periodic_update":
            return self._last_update
        if milestone in self._done:
            return None
        last = self._last(milestone)
        if last is None or last.why in NEW_TERMS:
            return self._opened_at
        return self._reopened_at if milestone in RE_ARMED else None

    def _is_the_same_promise(self, clock: Clock, since: Micros) -> bool:
        """Whether a clock was cancelled by new terms, and what it waited for is still what is owed."""
        repeated = clock.milestone in ("next_response", "periodic_update")
        return clock.stage == "cancelled" and clock.why in NEW_TERMS and (clock.started_at == since or not repeated)

    # what happens to a clock

    def _start(self, milestone: Milestone, at: Micros) -> Clock:
        instances = self._clocks[milestone]
        clock = Clock(milestone, len(instances) + 1, at, self._terms[milestone], self._calendar, "running", at, [])
        clock.termed_by = self._termed_by.get(milestone, "")
        instances.append(clock)
        self._follow_status(clock, at)
        return clock

    def _follow_status(self, clock: Clock, at: Micros) -> None:
        """Pause or resume a live clock as the present status asks."""
        change = self._status_now
        pausing = change.status in clock.terms.paused_by
        if pausing and clock.stage == "running":
            clock.due_at = clock.deadline()
            _note_lateness(clock, at)
            clock.stage, clock.since, clock.due_at = "paused", at, None
            clock.why, clock.by = change.status, change.by
        elif not pausing and clock.stage == "paused":
            self._end_pause(clock, at)
            clock.stage, clock.since, clock.why, clock.by = "running", at, change.status, change.by

    def _stop(self, milestone: Milestone, at: Micros, why: ActivityType) -> None:
        self._done.add(milestone)
        clock = self._live(milestone)
        if clock is not None:
            self._finish(clock, at, "fulfilled", why)

    def _finish(self, clock: Clock, at: Micros, stage: Literal["fulfilled", "cancelled"], why: str) -> None:
        """A pause ends first, so that the deadline includes it."""
        if clock.stage == "paused":
            self._end_pause(clock, at)
        clock.due_at = clock.deadline()
        _note_lateness(clock, at)
        clock.stage, clock.since, clock.stopped_at, clock.why, clock.by = stage, at, at, why, self._by

    def _retarget(self, clock: Clock, at: Micros, terms: MilestoneTerms, kind: ActivityType) -> None:
        """New terms for a live clock; a breach before `at` under the old ones stays a breach."""
        if clock.stage == "running":
            clock.due_at = clock.deadline()
            _note_lateness(clock, at)
        self._recompute(clock, at, terms, kind)

    def _recompute(self, clock: Clock, at: Micros, terms: MilestoneTerms, kind: ActivityType) -> None:
        """Count again from the original start, with the pauses kept: that may make it late here and now."""
        self._take_terms(clock, terms)
        clock.due_at = clock.deadline()
        _note_lateness(clock, at if clock.stage == "running" else clock.since, kind)
        if clock.stage == "paused":
            clock.due_at = None
        self._follow_status(clock, at)

    def _resume(self, clock: Clock, stopped: Pause, terms: MilestoneTerms) -> None:
        """A stopped clock goes on under the terms now in force; the time since it stopped is a pause."""
        if stopped.start < stopped.end:
            clock.pauses.append(stopped)
        self._take_terms(clock, terms)
        clock.stage, clock.since, clock.stopped_at = "running", stopped.end, None
        clock.why, clock.by = self._status_now.status, self._status_now.by
        clock.due_at = clock.deadline()
        _note_lateness(clock, stopped.start)

    def _take_terms(self, clock: Clock, terms: MilestoneTerms) -> None:
        clock.terms, clock.calendar, clock.late = terms, self._calendar, False
        clock.termed_by = self._termed_by.get(clock.milestone, "")

    def _end_pause(self, clock: Clock, at: Micros) -> None:
        if clock.since < at:
            clock.pauses.append(Pause(clock.since, at, clock.why, clock.by))

    # what is known

    @property
    def _status_now(self) -> _StatusChange:
        return self._statuses[-1]

    def _last(self, milestone: Milestone) -> Clock | None:
        instances = self._clocks[milestone]
        return instances[-1] if instances else None

    def _live(self, milestone: Milestone) -> Clock | None:
        last = self._last(milestone)
        return last if last is not None and last.live else None

    def _live_clocks(self) -> list[Clock]:
        return [clock for milestone in MILESTONES if (clock := self._live(milestone)) is not None]

    def _paused_since(self, since: Micros, terms: MilestoneTerms) -> tuple[list[Pause], _StatusChange | None]:
        """When `terms` would have paused from `since` on, and since when and why they do now, or None."""
        pauses: list[Pause] = []
        paused: _StatusChange | None = None
        for change in self._statuses:
            if change.status in terms.paused_by:
                paused = change._replace(at=max(change.at, since)) if paused is None else paused
            elif paused is not None:
                if paused.at < change.at:
                    pauses.append(Pause(paused.at, change.at, paused.status, paused.by))
                paused = None
        return pauses, paused


def _note_lateness(clock: Clock, at: Micros, cause: str | None = None) -> None:
    """A running clock is late once `at` is past its deadline; at the deadline it is not."""
    if clock.due_at is not None and clock.due_at < at:
        clock.late = True
        if clock.breached_at is None:
            clock.breached_at, clock.cause, clock.breached_under = clock.due_at, cause, clock.termed_by
