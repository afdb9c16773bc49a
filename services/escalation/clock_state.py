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
from shared.contracts.terms import MilestoneTerms
from shared.contracts.vocabulary import ActivityType, Milestone, Promise, Stage
from shared.policy.model import EscalationLevel

Terms = Mapping[Milestone, MilestoneTerms]
Verdict = Literal["running", "met", "breached"]


class CasePolicy(NamedTuple):
    """What a case pins, resolved by the caller from the case's edition: the same value for many cases.

    `calendar` may be None if no milestone counts in business hours. `automated` = entitled to automated escalation.
    """

    terms: Terms
    calendar: BusinessCalendar | None
    levels: tuple[EscalationLevel, ...] = ()
    automated: bool = False


class Activity(NamedTuple):
    """Something that happened to a case at `at`, as far as its clocks care.

    `id` settles the order of equal instants. `to` is the new status (status_changed, reopened). `terms` are the new
    terms (reprioritised, entitlement_refreshed) of the milestones that change; one left out keeps its terms, one with
    no target ends.
    """

    at: Micros
    kind: ActivityType
    id: str
    to: str | None = None
    terms: Terms | None = None


class Mark(NamedTuple):
    """What was published about one clock instance and cannot be folded again from the activity.

    `levels` has bit n set once level n has fired (or was suppressed).
    """

    milestone: Milestone
    instance: int
    generation: int = 1
    verdict: Verdict = "running"
    breached: bool = False
    levels: int = 0


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


class Clock(Struct, gc=False):
    """One instance of a milestone, as the activity so far makes it.

    `since` is when the present stage began. `late` = the deadline in force had passed when the clock was last touched;
    `breached_at` is the deadline that passed, which a later downgrade does not take back; `cause` is the activity that
    made it pass, if time alone did not. `why` is the status that paused or resumed, or what cancelled.
    """

    milestone: Milestone
    instance: int
    started_at: Micros
    terms: MilestoneTerms
    stage: Stage
    since: Micros
    pauses: list[Span]
    due_at: Micros | None = None
    stopped_at: Micros | None = None
    late: bool = False
    breached_at: Micros | None = None
    cause: str | None = None
    why: str = ""

    @property
    def live(self) -> bool:
        """Whether it still waits to be fulfilled."""
        return self.stage in ("running", "paused")

    @property
    def promise(self) -> Promise:
        """The kind of promise that was made."""
        return self.terms.promise or "objective"

    def due_after(self, share: float, calendar: BusinessCalendar | None) -> Micros:
        """When `share` of the target is used up, in the target's hours, by the pauses so far. Raises CalendarError."""
        assert self.terms.target_seconds is not None  # noqa: S101 - without a target there is no clock
        assert self.terms.hours is not None  # noqa: S101 - a target says in which hours it counts
        target = self.terms.target_seconds * SECOND
        if share != 1.0:
            target = max(1, round(target * share))
        return due_micros(self.started_at, target, self.terms.hours, calendar, self.pauses)

    def used(self, at: Micros, calendar: BusinessCalendar | None) -> Micros:
        """How much of the target is used up at `at`, in its hours; it stands still once paused or stopped."""
        assert self.terms.target_seconds is not None  # noqa: S101 - without a target there is no clock
        assert self.terms.hours is not None  # noqa: S101 - a target says in which hours it counts
        until = at if self.stage == "running" else self.since
        target = self.terms.target_seconds * SECOND
        return measured_micros(self.started_at, until, target, self.terms.hours, calendar, self.pauses)
