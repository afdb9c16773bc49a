"""[pure] What the clocks of a case are made of.

`CaseClocks` is the input of a case's clocks; they are folded again from it whenever they are needed,
so late activity is no special case, and a million open cases stay small. Instants are microseconds since 1970 UTC.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, TypedDict

from msgspec import Struct

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import MissingCalendar
from shared.business_time.hours import due_micros, measured_micros, needed
from shared.business_time.instants import SECOND, Micros
from shared.business_time.spans import Span, merged
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import Promise, Stage, StatusKind
from shared.policy.case_rules import CaseRules
from shared.policy.chain import NO_CHAIN, Chain
from shared.policy.deadlines import due_of, target_of

Terms = Mapping[str, MilestoneTerms]
Calendars = Mapping[str, BusinessCalendar]
Verdict = Literal["running", "met", "breached"]
Fired = tuple[tuple[int, int], ...]  # of each level that has fired: how often; by level


class CasePolicy(NamedTuple):
    """What a case pins, resolved by the caller from the case's edition: the same value for many cases.

    `terms` and `calendar` are those of the submission; `calendar` may be None if no milestone counts in business hours,
    and `calendars` has those that terms name. `rules` (what milestones and statuses are), `chain` and `automated`
    (entitled to automated escalation) are those in force now.
    """

    terms: Terms
    calendar: BusinessCalendar | None
    rules: CaseRules
    chain: Chain = NO_CHAIN
    automated: bool = False
    calendars: Calendars = MappingProxyType({})


class Activity(NamedTuple):
    """Something that happened to a case at `at`, as far as its clocks care. One from before the case counts from its
    opening, and its instant settles the order among those.

    `id` settles the order of equal instants. `to` is the new status (status_changed, reopened), `until` when it ends by
    itself. `milestone` is the one that was reached or acknowledged, `retracts` the id of a reply that was taken back.
    `terms` are the new terms (reprioritised, entitlement_refreshed, policy_migrated) of the milestones that change; one
    left out keeps its terms, one with no target ends. `calendar` and `calendars`, if given, count from then on.
    """

    at: Micros
    kind: str
    id: str
    to: str | None = None
    terms: Terms | None = None
    calendar: BusinessCalendar | None = None
    calendars: Calendars | None = None
    until: Micros | None = None
    milestone: str | None = None
    retracts: str | None = None


class Mark(NamedTuple):
    """What was published about one clock instance and cannot be folded again from the activity.

    `fired` has the levels that have fired (or were suppressed).
    """

    milestone: str
    instance: int
    generation: int = 1
    verdict: Verdict = "running"
    breached: bool = False
    fired: Fired = ()


class CaseClocks(NamedTuple):
    """What the clocks of a case are folded from, and what was published of them.

    `opened_at` and `status` are those of the submission. `history` is the activity that clocks care about, in fold
    order. `marks` are the marks that say anything. `seen_until` is the latest instant that was acted upon: activity
    before it is late.
    """

    opened_at: Micros
    status: str = "open"
    history: tuple[Activity, ...] = ()
    marks: tuple[Mark, ...] = ()
    seen_until: Micros = 0


class StatusEnd(NamedTuple):
    """A status ended by itself, which nobody reports: that of the activity `set_by`."""

    set_by: str


ChangedBy = str | StatusEnd  # the id of an activity ("" = the submission), or the end of a status


class Pause(NamedTuple):
    """[start, end) in which a clock stood still: the case had `status`, by `by`.

    Of a clock that had stopped and goes on, `status` is what stopped it.
    """

    start: Micros
    end: Micros
    status: str
    by: ChangedBy


class StatusChange(NamedTuple):
    """The case has `status` from `at` on, by `by`."""

    at: Micros
    status: str
    by: ChangedBy
    counts_as: StatusKind = "open"

    def pauses(self, terms: MilestoneTerms) -> bool:
        """Whether a clock with these terms stands still: they name the status, or what it counts as.

        A status that counts as open is named by its own name alone, `open` too.
        """
        return self.status in terms.paused_by or (self.counts_as != "open" and self.counts_as in terms.paused_by)


class Paused(NamedTuple):
    """When a clock would have been paused: the pauses that are over, and the status that pauses it now, if any."""

    before: list[Pause]
    now: StatusChange | None


class GivenTerms(NamedTuple):
    """The terms of one milestone, the calendar that they count by, and the activity `by` that gave them ("" = the
    decision).
    """

    terms: MilestoneTerms
    calendar: BusinessCalendar | None
    by: str


def calendar_of(terms: MilestoneTerms, own: BusinessCalendar | None, named: Calendars) -> BusinessCalendar | None:
    """The calendar that terms count by: the one that they name, else the case's own. Raises MissingCalendar."""
    if terms.calendar is None:
        return own
    try:
        return named[terms.calendar]
    except KeyError:
        raise MissingCalendar(f"the edition of the case has no calendar {terms.calendar!r}", "calendar") from None


class ClockFacts(TypedDict):
    """The fields that all events about a clock have, but for `at`. The type checker compares them with the events'."""

    milestone: str
    instance: int
    generation: int
    promise: Promise
    due_at: Micros | None


class Clock(Struct, gc=False):
    """One instance of a milestone, as the activity so far makes it.

    `since` is when the present stage began. `late` = the deadline in force had passed when the clock was last touched;
    `breached_at` is the deadline that passed, which a later downgrade does not take back; `cause` is the activity that
    made it pass, if time alone did not. `why` is the status that paused or resumed, or what stopped it, `by`
    what made it do so. `termed_by` is the activity that gave it its terms, `breached_under` the one that gave it those
    that it was breached under. `target` is how long it may take, in its hours; business days are
    resolved at the start. `acknowledged` are the spans in which somebody had taken the call, so that nobody is called.
    """

    milestone: str
    instance: int
    started_at: Micros
    terms: MilestoneTerms
    calendar: BusinessCalendar | None
    stage: Stage
    since: Micros
    pauses: list[Pause]
    target: Micros
    acknowledged: list[Span] = []
    due_at: Micros | None = None
    stopped_at: Micros | None = None
    late: bool = False
    breached_at: Micros | None = None
    cause: str | None = None
    why: str = ""
    by: ChangedBy = ""
    termed_by: str = ""
    breached_under: str = ""

    @property
    def live(self) -> bool:
        """Whether it still waits to be fulfilled."""
        return self.stage in ("running", "paused")

    @property
    def promise(self) -> Promise:
        """The kind of promise that was made."""
        return self.terms.promise or "objective"

    @property
    def open_at_least(self) -> Micros:
        """How long the calendar must have been open before the deadline."""
        return (self.terms.open_at_least or 0) * SECOND

    @property
    def paused_spans(self) -> list[Span]:
        """The pauses that are over, as calendars take them."""
        return [(pause.start, pause.end) for pause in self.pauses]

    def deadline(self) -> Micros:
        """When the target is used up, by the pauses so far. Raises CalendarError."""
        return due_of(self.terms, self.target, self.started_at, self.calendar, self.paused_spans)

    def call_at(self, amount: Micros) -> Micros:
        """When a call is made that comes at this amount of the target. Raises CalendarError.

        Before the deadline the amount counts in the target's own hours, to the deadline as it was before it moved to an
        opening; after such a deadline, in open time. Nobody is called while somebody has taken the call.
        """
        assert self.terms.hours is not None  # noqa: S101 - a target says in which hours it counts
        if amount <= 0:
            taken = merged(self.acknowledged) if self.acknowledged else ()
            return next((until for since, until in taken if since <= self.started_at < until), self.started_at)
        pauses: Sequence[Span] = self.paused_spans
        if self.acknowledged:
            pauses = merged([*pauses, *self.acknowledged])
        if self.terms.hours != "elapsed_then_next_open":
            return due_micros(self.started_at, amount, self.terms.hours, self.calendar, pauses)
        if amount < self.target:
            return due_micros(self.started_at, amount, "elapsed", None, pauses)
        due = due_of(self.terms, self.target, self.started_at, self.calendar, pauses)
        beyond = amount - self.target
        return due if beyond == 0 else needed(self.calendar).add_micros(due, beyond, pauses)

    def used(self, at: Micros) -> Micros:
        """How much of the target is used up at `at`, in its hours; it stands still once paused or stopped."""
        assert self.terms.hours is not None  # noqa: S101 - a target says in which hours it counts
        until = at if self.stage == "running" else self.since
        return measured_micros(
            self.started_at,
            until,
            self.target,
            self.terms.hours,
            self.calendar,
            self.paused_spans,
            self.open_at_least,
        )

    def facts(self, generation: int) -> ClockFacts:
        """What every event about it says."""
        return ClockFacts(
            milestone=self.milestone,
            instance=self.instance,
            generation=generation,
            promise=self.promise,
            due_at=self.due_at,
        )

    # transitions: each leaves the clock as it is at `at`, and raises CalendarError where a deadline cannot be counted

    def note_lateness(self, at: Micros, cause: str | None = None) -> None:
        """It is late once `at` is past its deadline; at the deadline it is not."""
        if self.due_at is not None and self.due_at < at:
            self.late = True
            if self.breached_at is None:
                self.breached_at, self.cause, self.breached_under = self.due_at, cause, self.termed_by

    def follow(self, status: StatusChange, at: Micros) -> None:
        """Pause or resume as the present status of the case asks."""
        pausing = status.pauses(self.terms)
        if pausing and self.stage == "running":
            self.pause(status, at)
        elif not pausing and self.stage == "paused":
            self.resume(status, at)

    def pause(self, status: StatusChange, at: Micros) -> None:
        """It stops counting; a deadline that has passed by then stays breached."""
        self.due_at = self.deadline()
        self.note_lateness(at)
        self.due_at = None
        self._enter("paused", at, status.status, status.by)

    def resume(self, status: StatusChange, at: Micros) -> None:
        """It counts again; `due_at` is set when the deadline is asked for."""
        self._end_pause(at)
        self._enter("running", at, status.status, status.by)

    def finish(self, stage: Literal["fulfilled", "cancelled"], at: Micros, why: str, by: ChangedBy) -> None:
        """It stops for good. A pause ends first, so that the deadline includes it."""
        if self.stage == "paused":
            self._end_pause(at)
        self.due_at = self.deadline()
        self.note_lateness(at)
        self.stopped_at = at
        self._enter(stage, at, why, by)

    def reopen(self, given: GivenTerms, status: StatusChange, at: Micros) -> None:
        """A stopped clock goes on under the terms now in force; the time since it stopped is a pause."""
        stopped_at = self.since
        if stopped_at < at:
            self.pauses.append(Pause(stopped_at, at, self.why, self.by))
        self._take(given)
        self.stopped_at = None
        self._enter("running", at, status.status, status.by)
        self.due_at = self.deadline()
        self.note_lateness(stopped_at)

    def retarget(self, given: GivenTerms, status: StatusChange, at: Micros, cause: str) -> None:
        """New terms while it is live; a breach before `at` under the old ones stays a breach."""
        if self.stage == "running":
            self.due_at = self.deadline()
            self.note_lateness(at)
        self._recount(given, status, at, cause)

    def promise_again(self, given: GivenTerms, paused: Paused, status: StatusChange, at: Micros, cause: str) -> None:
        """It is owed once more, as if it had never stopped; `paused` is when the new terms would have paused it."""
        self.stopped_at = None
        self.pauses += paused.before
        if paused.now is None:
            self._enter("running", at, status.status, status.by)
        else:
            self._enter("paused", *paused.now[:3])
        self._recount(given, status, at, cause)

    def _recount(self, given: GivenTerms, status: StatusChange, at: Micros, cause: str) -> None:
        """Count again from the original start, with the pauses kept: that may make it late here and now."""
        self._take(given)
        self.due_at = self.deadline()
        self.note_lateness(at if self.stage == "running" else self.since, cause)
        if self.stage == "paused":
            self.due_at = None
        self.follow(status, at)

    def _take(self, given: GivenTerms) -> None:
        self.terms, self.calendar, self.termed_by = given
        self.target = target_of(self.terms, self.started_at, self.calendar)
        self.late = False

    def _end_pause(self, at: Micros) -> None:
        if self.since < at:
            self.pauses.append(Pause(self.since, at, self.why, self.by))

    def _enter(self, stage: Stage, since: Micros, why: str, by: ChangedBy) -> None:
        self.stage, self.since, self.why, self.by = stage, since, why, by
