"""[pure] What the clocks of a case are made of.

`CaseClocks` is all that has to be remembered of a case; its clocks are folded anew from it whenever they are needed,
so late activity is no special case, and a million open cases stay small. Instants are microseconds since 1970 UTC.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from msgspec import Struct

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.hours import due_micros, measured_micros
from shared.business_time.instants import SECOND, Micros
from shared.business_time.spans import Span
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import ActivityType, Milestone, Promise, Stage
from shared.policy.chain import NO_CHAIN, Chain

Terms = Mapping[Milestone, MilestoneTerms]
Verdict = Literal["running", "met", "breached"]
Fired = tuple[tuple[int, int], ...]  # of each level that has fired: how often; by level


class CasePolicy(NamedTuple):
    """What a case pins, resolved by the caller from the case's edition: the same value for many cases.

    `terms` and `calendar` are those of the submission; `calendar` may be None if no milestone counts in business hours.
    `chain` and `automated` (entitled to automated escalation) are those in force now.
    """

    terms: Terms
    calendar: BusinessCalendar | None
    chain: Chain = NO_CHAIN
    automated: bool = False


class Activity(NamedTuple):
    """Something that happened to a case at `at`, as far as its clocks care. One from before the case counts from its
    opening, and its instant settles the order among those.

    `id` settles the order of equal instants. `to` is the new status (status_changed, reopened). `terms` are the new
    terms (reprioritised, entitlement_refreshed, policy_migrated) of the milestones that change; one left out keeps its
    terms, one with no target ends. `calendar`, if given, counts from then on.
    """

    at: Micros
    kind: ActivityType
    id: str
    to: str | None = None
    terms: Terms | None = None
    calendar: BusinessCalendar | None = None


class Mark(NamedTuple):
    """What was published about one clock instance and cannot be folded again from the activity.

    `fired` has the levels that have fired (or were suppressed).
    """

    milestone: Milestone
    instance: int
    generation: int = 1
    verdict: Verdict = "running"
    breached: bool = False
    fired: Fired = ()


class CaseClocks(NamedTuple):
    """All that has to be remembered of a case's clocks.

    `opened_at` and `status` are those of the submission. `history` is the activity that clocks care about, in fold
    order. `marks` are the marks that say anything. `seen_until` is the latest instant that was acted upon: activity
    before it is late.
    """

    opened_at: Micros
    status: str = "open"
    history: tuple[Activity, ...] = ()
    marks: tuple[Mark, ...] = ()
    seen_until: Micros = 0


class Pause(NamedTuple):
    """[start, end) in which a clock stood still: the case had `status`, by the activity `by` ("" = the submission).

    Of a clock that had stopped and goes on, `status` is what stopped it.
    """

    start: Micros
    end: Micros
    status: str
    by: str


class Clock(Struct, gc=False):
    """One instance of a milestone, as the activity so far makes it.

    `since` is when the present stage began. `late` = the deadline in force had passed when the clock was last touched;
    `breached_at` is the deadline that passed, which a later downgrade does not take back; `cause` is the activity that
    made it pass, if time alone did not. `why` is the status that paused or resumed, or what stopped it, `by` the
    activity ("" = the submission). `termed_by` is the activity that gave it its terms, `breached_under` the
    one that gave it those that it was breached under.
    """

    milestone: Milestone
    instance: int
    started_at: Micros
    terms: MilestoneTerms
    calendar: BusinessCalendar | None
    stage: Stage
    since: Micros
    pauses: list[Pause]
    due_at: Micros | None = None
    stopped_at: Micros | None = None
    late: bool = False
    breached_at: Micros | None = None
    cause: str | None = None
    why: str = ""
    by: str = ""
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
    def target(self) -> Micros:
        """How long it may take, in its hours."""
        assert self.terms.target_seconds is not None  # noqa: S101 - without a target there is no clock
        return self.terms.target_seconds * SECOND

    @property
    def paused_spans(self) -> list[Span]:
        """The pauses that are over, as calendars take them."""
        return [(pause.start, pause.end) for pause in self.pauses]

    def due_after(self, amount: Micros) -> Micros:
        """When so much has been used up, in the target's hours, by the pauses so far. Raises CalendarError."""
        assert self.terms.hours is not None  # noqa: S101 - a target says in which hours it counts
        if amount <= 0:
            return self.started_at
        return due_micros(self.started_at, amount, self.terms.hours, self.calendar, self.paused_spans)

    def deadline(self) -> Micros:
        """When the target is used up, by the pauses so far. Raises CalendarError."""
        return self.due_after(self.target)

    def used(self, at: Micros) -> Micros:
        """How much of the target is used up at `at`, in its hours; it stands still once paused or stopped."""
        assert self.terms.hours is not None  # noqa: S101 - a target says in which hours it counts
        until = at if self.stage == "running" else self.since
        return measured_micros(self.started_at, until, self.target, self.terms.hours, self.calendar, self.paused_spans)
