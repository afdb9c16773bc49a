"""[pure] From what happened to a case to its clocks: the rules of starting, pausing, stopping and counting again.

What each milestone is stands in `shared/policy/milestones.py`; the fold interprets its rows and knows none by name.
Activity is folded in the order of its event times, whenever it arrived. At equal instants: start, new terms, resume,
pause, stop, cancel; then the activity's id. docs/clocks.md says the rules for people.
"""

from collections.abc import Iterable, Set
from typing import Literal

from shared.business_time.instants import Micros
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import ActivityType, Milestone
from shared.policy.milestones import MILESTONE_TABLE, SUBMITTED, activity_in
from shared.sla.clock import Activity, CasePolicy, Clock, GivenTerms, Pause, Paused, StatusChange
from shared.sla.event_time import counts_from

RESOLVED = "resolved"
_ENDS: tuple[ActivityType, ...] = ("closed", "withdrawn")
NEW_TERMS: tuple[ActivityType, ...] = ("reprioritised", "entitlement_refreshed", "policy_migrated")

# Activity that affects no clock need not be remembered.
RELEVANT: frozenset[ActivityType] = frozenset(
    (
        *activity_in(MILESTONE_TABLE),
        "agent_replied",
        "customer_replied",
        "status_changed",
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
        case.apply(activity)
    return case.clocks()


def as_of(clocks: list[Clock], at: Micros) -> list[Clock]:
    """The same clocks, knowing that it is `at`: a running clock is breached once `at` is past its deadline."""
    for clock in clocks:
        if clock.stage == "running":
            clock.note_lateness(at)
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
    """The status of a case after its `history`, in fold order."""
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
    only_start = policy.milestones.only_start
    activities.sort(key=lambda a: (a.at, _rank(a, pausing, only_start), a.id))
    return activities


def _rank(activity: Activity, pausing: Set[str], only_start: Set[str]) -> int:
    """The place of an activity among those of one instant; `pausing` are the statuses that pause a clock."""
    kind = meaning(activity)
    if kind in NEW_TERMS:
        return 1
    if kind == "reopened" or (kind == "status_changed" and activity.to not in pausing):
        return 2
    if kind == "status_changed":
        return 3
    if kind in _ENDS:
        return 5
    return 0 if kind in only_start else 4


class _Case:
    """The case while its history is folded. It knows what happened; its clocks know how to pause, resume and stop."""

    def __init__(self, policy: CasePolicy, opened_at: Micros, status: str) -> None:
        self._rules = policy.milestones
        self._calendar = policy.calendar
        self._opened_at = opened_at
        self._terms: dict[Milestone, MilestoneTerms] = {
            milestone: terms for milestone, terms in policy.terms.items() if terms.target_seconds is not None
        }
        self._terms_by: dict[Milestone, str] = {}  # the activity that gave them, if not the decision
        self._clocks: dict[Milestone, list[Clock]] = {milestone: [] for milestone in self._rules}
        self._statuses: list[StatusChange] = [StatusChange(opened_at, status, "")]
        self._ended = False
        self._reopened_at: Micros | None = None
        self._fulfilled: set[Milestone] = set()  # whether or not a clock ran for it
        self._unanswered_since: Micros | None = None
        self._last_public_update = opened_at
        for milestone in self._rules.started_by.get(SUBMITTED, ()):
            if milestone in self._terms:
                self._start(milestone, opened_at)

    def clocks(self) -> list[Clock]:
        """All instances, by milestone and number, each with its deadline."""
        found = [clock for instances in self._clocks.values() for clock in instances]
        for clock in found:
            if clock.stage == "running":
                clock.due_at = clock.deadline()
        return found

    def apply(self, activity: Activity) -> None:
        """Fold one activity: fulfilment first, then what it does to the case, then what it starts."""
        at = counts_from(activity.at, self._opened_at)
        kind = meaning(activity)
        if kind == "agent_replied":
            self._unanswered_since = None
            self._last_public_update = at
        elif kind == "customer_replied" and self._unanswered_since is None and not self._ended:
            self._unanswered_since = at
        for milestone in self._rules.fulfilled_by.get(kind, ()):
            self._fulfil(milestone, at, kind, activity.id)
        if kind == "resolved":
            self._change_status(StatusChange(at, RESOLVED, activity.id))
        elif kind == "reopened" or kind == "status_changed":
            self._change_status(StatusChange(at, activity.to or "open", activity.id))
        elif kind in _ENDS:
            self._end(StatusChange(at, kind, activity.id))
        elif kind in NEW_TERMS:
            self._change_terms(at, activity)
        for milestone in self._rules.started_by.get(kind, ()):
            self._start_by_activity(milestone, at)

    # what happens to the case

    def _fulfil(self, milestone: Milestone, at: Micros, kind: ActivityType, by: str) -> None:
        self._fulfilled.add(milestone)
        clock = self._live(milestone)
        if clock is not None:
            clock.finish("fulfilled", at, kind, by)
        if self._rules[milestone].again == "at_fulfilment" and milestone in self._terms and not self._ended:
            self._start(milestone, at)

    def _start_by_activity(self, milestone: Milestone, at: Micros) -> None:
        """What starts a milestone has happened: nothing more is due while one is live, or if once is enough."""
        if self._ended or milestone not in self._terms or self._live(milestone) is not None:
            return
        if self._last(milestone) is None or self._rules[milestone].again == "at_next_start":
            self._start(milestone, at)

    def _change_status(self, change: StatusChange) -> None:
        if self._ended and change.status == RESOLVED:
            return
        reopens = change.status != RESOLVED and (self._ended or self._status.status == RESOLVED)
        self._statuses.append(change)
        if reopens:
            self._reopen(change.at)
        for clock in self._live_clocks():
            clock.follow(change, change.at)

    def _reopen(self, at: Micros) -> None:
        """The case, which was resolved or had ended, is open again."""
        was_ended, self._ended = self._ended, False
        self._reopened_at = at
        if was_ended:
            self._last_public_update = at
        for milestone, rule in self._rules.items():
            if rule.reopened != "never":
                self._fulfilled.discard(milestone)
                self._reopen_clock(milestone, at)
            elif was_ended and rule.again == "at_fulfilment" and self._starts_with_the_case(milestone):
                self._start(milestone, at)

    def _reopen_clock(self, milestone: Milestone, at: Micros) -> None:
        """Resume the clock of a milestone that reopening concerns, or begin a new instance, as its terms say."""
        terms, last = self._terms.get(milestone), self._last(milestone)
        if last is None:
            if self._starts_with_the_case(milestone):
                self._start(milestone, at)
        elif terms is not None and not last.live:
            if terms.reopen == "new_cycle":
                self._start(milestone, at)
            else:
                last.reopen(self._given(milestone), self._status, at)

    def _end(self, change: StatusChange) -> None:
        self._ended = True
        self._unanswered_since = None
        self._statuses.append(change)
        for clock in self._live_clocks():
            clock.finish("cancelled", change.at, change.status, change.by)

    def _change_terms(self, at: Micros, activity: Activity) -> None:
        if activity.calendar is not None:
            self._calendar = activity.calendar
        for milestone, terms in (activity.terms or {}).items():
            if milestone not in self._rules:  # a word that the table of this case does not know
                continue
            live = self._live(milestone)
            if terms.target_seconds is None:
                self._terms.pop(milestone, None)
                if live is not None:
                    live.finish("cancelled", at, activity.kind, activity.id)
                continue
            self._terms[milestone] = terms
            self._terms_by[milestone] = activity.id
            if live is not None:
                live.retarget(self._given(milestone), self._status, at, activity.kind)
            elif not self._ended:
                self._promise(milestone, at, activity.kind)

    def _promise(self, milestone: Milestone, at: Micros, kind: ActivityType) -> None:
        """A milestone that had no target gets one: it counts from where it would have, if it is still unanswered."""
        since = self._owed_since(milestone)
        if since is None:
            return
        clock, counted_from = self._last(milestone), since
        if clock is not None and clock.stopped_at is not None and self._is_the_same_promise(clock, since):
            counted_from = clock.stopped_at
        else:
            clock = self._begin(milestone, since)
        given = self._given(milestone)
        clock.promise_again(given, self._paused(counted_from, given.terms), self._status, at, kind)

    def _owed_since(self, milestone: Milestone) -> Micros | None:
        """Since when a milestone that has no live clock is unanswered, or None."""
        rule = self._rules[milestone]
        if rule.counts_from == "first_unanswered":
            return self._unanswered_since
        if rule.counts_from == "last_public_update":
            return self._last_public_update
        if milestone in self._fulfilled:
            return None
        last = self._last(milestone)
        if last is None:
            return self._opened_at if rule.starts_at_submission else None
        if last.why in NEW_TERMS:
            return last.started_at
        return self._reopened_at if rule.reopened != "never" else None

    def _is_the_same_promise(self, clock: Clock, since: Micros) -> bool:
        """Whether a clock was cancelled by new terms, and what it waited for is still what is owed."""
        once = self._rules[clock.milestone].counts_from == "case"
        return clock.stage == "cancelled" and clock.why in NEW_TERMS and (once or clock.started_at == since)

    # its clocks

    def _starts_with_the_case(self, milestone: Milestone) -> bool:
        """Whether a milestone is promised, and needs no activity to start."""
        return milestone in self._terms and self._rules[milestone].starts_at_submission

    def _start(self, milestone: Milestone, at: Micros) -> None:
        self._begin(milestone, at).follow(self._status, at)

    def _begin(self, milestone: Milestone, at: Micros) -> Clock:
        """A new instance, running whatever the status of the case."""
        instances = self._clocks[milestone]
        clock = Clock(milestone, len(instances) + 1, at, self._terms[milestone], self._calendar, "running", at, [])
        clock.termed_by = self._terms_by.get(milestone, "")
        instances.append(clock)
        return clock

    def _given(self, milestone: Milestone) -> GivenTerms:
        """The terms in force."""
        return GivenTerms(self._terms[milestone], self._calendar, self._terms_by.get(milestone, ""))

    def _last(self, milestone: Milestone) -> Clock | None:
        instances = self._clocks[milestone]
        return instances[-1] if instances else None

    def _live(self, milestone: Milestone) -> Clock | None:
        last = self._last(milestone)
        return last if last is not None and last.live else None

    def _live_clocks(self) -> list[Clock]:
        return [clock for milestone in self._rules if (clock := self._live(milestone)) is not None]

    @property
    def _status(self) -> StatusChange:
        return self._statuses[-1]

    def _paused(self, since: Micros, terms: MilestoneTerms) -> Paused:
        """When `terms` would have paused a clock that counts from `since`."""
        before: list[Pause] = []
        paused: StatusChange | None = None
        for change in self._statuses:
            if change.status in terms.paused_by:
                paused = change._replace(at=max(change.at, since)) if paused is None else paused
            elif paused is not None:
                if paused.at < change.at:
                    before.append(Pause(paused.at, change.at, paused.status, paused.by))
                paused = None
        return Paused(before, paused)
