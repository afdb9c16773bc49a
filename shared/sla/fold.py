"""[pure] From what happened to a case to its clocks: the rules of starting, pausing, stopping and counting again.

What each milestone is stands in the edition (`shared/policy/milestones.py`); the fold interprets its rows and knows
none by name. `order.py` has the order in which activity is folded. docs/clocks.md says the rules for people.
"""

from collections.abc import Iterable, Sequence

from shared.business_time.instants import Micros
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import StatusKind
from shared.policy.case_rules import CaseRules
from shared.policy.deadlines import has_target, target_of
from shared.policy.milestones import REACHED, SUBMITTED
from shared.sla.clock import (
    Activity,
    CasePolicy,
    ChangedBy,
    Clock,
    GivenTerms,
    Pause,
    Paused,
    StatusChange,
    StatusEnd,
    calendar_of,
)
from shared.sla.event_time import counts_from
from shared.sla.order import ENDS, NEW_TERMS, OPEN, REOPENED, REPLIED, RESOLVED, STATUS_ENDED, in_order, meaning


def fold(
    policy: CasePolicy, opened_at: Micros, status: str, history: Iterable[Activity], until: Micros | None = None
) -> list[Clock]:
    """The clocks of a case by milestone and instance, as they stand after its `history`.

    A status that ends by itself has ended if its instant is not after `until`; None = all of them. Whether a running
    clock's deadline has passed since is not asked here: that is `as_of`, or a timer. Raises CalendarError where a
    target cannot be counted.
    """
    return folded(policy, opened_at, status, history, until).clocks()


def folded(
    policy: CasePolicy, opened_at: Micros, status: str, history: Iterable[Activity], until: Micros | None = None
) -> "FoldedCase":
    """The same, with the status that the case has then."""
    case = FoldedCase(policy, opened_at, status)
    for activity in in_order(policy.rules, policy.terms, history):
        if activity.kind != STATUS_ENDED or until is None or activity.at <= until:
            case.apply(activity)
    return case


def as_of(clocks: list[Clock], at: Micros) -> list[Clock]:
    """The same clocks, knowing that it is `at`: a running clock is breached once `at` is past its deadline."""
    for clock in clocks:
        if clock.stage == "running":
            clock.note_lateness(at)
    return clocks


class FoldedCase:
    """The case while its history is folded. It knows what happened; its clocks know how to pause, resume and stop."""

    def __init__(self, policy: CasePolicy, opened_at: Micros, status: str) -> None:
        self._case_rules: CaseRules = policy.rules
        self._rules = policy.rules.milestones
        self._calendar, self._calendars = policy.calendar, policy.calendars
        self._opened_at = opened_at
        self._terms: dict[str, MilestoneTerms] = {
            milestone: terms
            for milestone, terms in policy.terms.items()
            if has_target(terms) and milestone in self._rules
        }
        self._terms_by: dict[str, str] = {}  # the activity that gave them, if not the decision
        self._clocks: dict[str, list[Clock]] = {milestone: [] for milestone in self._rules}
        self._statuses: list[StatusChange] = [StatusChange(opened_at, status, "", self._counts_as(status))]
        self._ended = self._status.counts_as == "closed"
        self._reopened_at: Micros | None = None
        self._messages_on_closed: set[str] = set()
        self._fulfilled: set[str] = set()  # whether or not a clock ran for it
        self._unanswered_since: Micros | None = None
        self._last_public_update = opened_at
        if self._status.counts_as in ("resolved", "closed"):  # nothing is owed on a case that was opened as answered
            self._fulfilled.update(milestone for milestone, row in self._rules.items() if row.starts_at_submission)
            return
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
        kind = meaning(self._case_rules, activity)
        if kind == STATUS_ENDED:
            if self._status.by == activity.id:
                self._change_status(at, OPEN, StatusEnd(activity.id))
            return
        if kind == "agent_replied":
            self._unanswered_since = None
            self._last_public_update = at
        elif kind == "customer_replied" and self._ended:
            self._messages_on_closed.add(activity.id)
        elif kind == "customer_replied" and self._unanswered_since is None:
            self._unanswered_since = at
        if kind in ("acknowledged", REPLIED):
            self._delay_calls(at, activity)
        for milestone in self._rules.fulfilled_by.get(kind, ()):
            if kind != REACHED or milestone == activity.milestone:
                self._fulfil(milestone, at, kind, activity.id)
        if kind in NEW_TERMS:
            self._change_terms(at, activity)
        else:
            self._follow_status(at, kind, activity)
        for milestone in self._rules.started_by.get(kind, ()):
            self._start_by_activity(milestone, at)

    # what happens to the case

    def _follow_status(self, at: Micros, kind: str, activity: Activity) -> None:
        if kind == RESOLVED:
            self._change_status(at, activity.to or RESOLVED, activity.id)
        elif kind == REOPENED:
            self._change_status(at, activity.to or OPEN, activity.id, reopens=True)
        elif kind == "status_changed":
            self._change_status(at, activity.to or OPEN, activity.id)
        elif kind in ENDS:
            self._end(StatusChange(at, kind, activity.id, "closed"))
        elif self._opens_the_case(kind):
            self._change_status(at, OPEN, activity.id)

    def _opens_the_case(self, kind: str) -> bool:
        """Whether activity that is no change of status ends a wait, or reopens a resolved case."""
        counts_as = self._status.counts_as
        return (counts_as == "waiting" and kind in self._case_rules.wait_ends_with) or (
            counts_as == "resolved" and kind in self._case_rules.reopened_by
        )

    def _delay_calls(self, at: Micros, activity: Activity) -> None:
        """An acknowledgement stops the chain of its milestone; while it stands, a reply of an agent prolongs it."""
        until = at + self._case_rules.silence
        for clock in self._live_clocks():
            if activity.kind == "acknowledged":
                if clock.milestone == activity.milestone:
                    clock.acknowledged.append((at, until))
            elif clock.acknowledged and at < clock.acknowledged[-1][1]:
                clock.acknowledged.append((at, until))

    def _fulfil(self, milestone: str, at: Micros, kind: str, by: str) -> None:
        self._fulfilled.add(milestone)
        clock = self._live(milestone)
        if clock is not None:
            clock.finish("fulfilled", at, kind, by)
        if self._rules[milestone].again == "at_fulfilment" and milestone in self._terms and not self._ended:
            self._start(milestone, at)

    def _start_by_activity(self, milestone: str, at: Micros) -> None:
        """What starts a milestone has happened: nothing more is due while one is live, or if once is enough."""
        if self._ended or milestone not in self._terms or self._live(milestone) is not None:
            return
        if self._last(milestone) is None or self._rules[milestone].again == "at_next_start":
            self._start(milestone, at)

    def _change_status(self, at: Micros, status: str, by: ChangedBy, *, reopens: bool = False) -> None:
        """The case has a new status. Any but a resolved one reopens a case that was resolved or had ended.

        `reopens`: somebody says that the problem is back, so the case is reopened whatever its status was.
        """
        change = StatusChange(at, status, by, self._counts_as(status))
        if self._ended and change.counts_as == "resolved":
            return
        was_over = self._ended or self._status.counts_as == "resolved"
        self._statuses.append(change)
        if change.counts_as != "resolved" and (was_over or reopens):
            self._reopen(change.at)
        for clock in self._live_clocks():
            clock.follow(change, change.at)
        for milestone in self._rules.started_by.get(status, ()):
            self._start_by_activity(milestone, at)

    def _reopen(self, at: Micros) -> None:
        """What was answered is owed again, where the milestone's row says so: the case is open again, or was restored
        and is not any more.
        """
        was_ended, self._ended = self._ended, False
        self._reopened_at = at
        if was_ended:
            self._last_public_update = at
        for milestone, rule in self._rules.items():
            if rule.reopened != "never":
                self._fulfilled.discard(milestone)
                self._reopen_clock(milestone, at)
            elif rule.again == "at_fulfilment" and self._starts_with_the_case(milestone) and not self._live(milestone):
                self._start(milestone, at)

    def _reopen_clock(self, milestone: str, at: Micros) -> None:
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
        if activity.calendars is not None:
            self._calendars = activity.calendars
        for milestone, terms in (activity.terms or {}).items():
            if milestone not in self._rules:  # a word that the table of this case does not know
                continue
            live = self._live(milestone)
            if not has_target(terms):
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

    def _promise(self, milestone: str, at: Micros, kind: str) -> None:
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

    def _owed_since(self, milestone: str) -> Micros | None:
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

    def _starts_with_the_case(self, milestone: str) -> bool:
        """Whether a milestone is promised, and needs no activity to start."""
        return milestone in self._terms and self._rules[milestone].starts_at_submission

    def _start(self, milestone: str, at: Micros) -> None:
        self._begin(milestone, at).follow(self._status, at)

    def _begin(self, milestone: str, at: Micros) -> Clock:
        """A new instance, running whatever the status of the case."""
        instances, terms = self._clocks[milestone], self._terms[milestone]
        calendar = calendar_of(terms, self._calendar, self._calendars)
        target = target_of(terms, at, calendar)
        clock = Clock(milestone, len(instances) + 1, at, terms, calendar, "running", at, [], target)
        clock.termed_by = self._terms_by.get(milestone, "")
        instances.append(clock)
        return clock

    def _given(self, milestone: str) -> GivenTerms:
        """The terms in force."""
        terms = self._terms[milestone]
        calendar = calendar_of(terms, self._calendar, self._calendars)
        return GivenTerms(terms, calendar, self._terms_by.get(milestone, ""))

    def _last(self, milestone: str) -> Clock | None:
        instances = self._clocks[milestone]
        return instances[-1] if instances else None

    def _live(self, milestone: str) -> Clock | None:
        instances = self._clocks[milestone]
        return instances[-1] if instances and instances[-1].live else None

    def _live_clocks(self) -> list[Clock]:
        return [instances[-1] for instances in self._clocks.values() if instances and instances[-1].live]

    @property
    def _status(self) -> StatusChange:
        return self._statuses[-1]

    def _counts_as(self, status: str) -> StatusKind:
        return self._case_rules.counts_as(status)

    @property
    def statuses(self) -> Sequence[StatusChange]:
        """The statuses that the case has had, in their order; that of its submission first."""
        return self._statuses

    @property
    def status(self) -> StatusChange:
        """The present status, and since when the case has it."""
        return self._status

    @property
    def status_kind(self) -> StatusKind:
        """What the present status counts as."""
        return self._status.counts_as

    @property
    def is_closed(self) -> bool:
        """Whether the case is closed or withdrawn."""
        return self._ended

    @property
    def messages_on_closed(self) -> frozenset[str]:
        """The customer's messages on the case while it was closed, by their ids: nobody owes an answer for them."""
        return frozenset(self._messages_on_closed)

    @property
    def status_set_by(self) -> ChangedBy:
        """What set the present status."""
        return self._status.by

    def _paused(self, since: Micros, terms: MilestoneTerms) -> Paused:
        """When `terms` would have paused a clock that counts from `since`."""
        before: list[Pause] = []
        paused: StatusChange | None = None
        for change in self._statuses:
            if change.pauses(terms):
                paused = change._replace(at=max(change.at, since)) if paused is None else paused
            elif paused is not None:
                if paused.at < change.at:
                    before.append(Pause(paused.at, change.at, paused.status, paused.by))
                paused = None
        return Paused(before, paused)
