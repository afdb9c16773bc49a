"""[pure] The terms of one milestone, as policy gives them and as a case pins them."""

from typing import Annotated

from pydantic import Field

from shared.contracts.base import Part
from shared.contracts.vocabulary import Hours, Promise, ReopenMode, Status, Until, Word

TargetSeconds = Annotated[int, Field(gt=0, le=2**53 - 1)]  # JSON readers agree on integers up to 2**53
BusinessDays = Annotated[int, Field(gt=0, le=1_000)]


class MilestoneTerms(Part):
    """How long a milestone may take, in which hours, with what kind of promise; or why it has no target.

    `target_seconds` counts in `hours`: elapsed seconds, open seconds of the calendar, or elapsed seconds and then the
    next open instant, but not before the calendar has been open for `open_at_least` seconds. `target_business_days`,
    with `until`, stands in its place. `calendar` names another calendar of the edition than the case's. `paused_by`
    names the statuses that stop the count, or what they count as. Without a target, `reason` says why, and the rest is
    absent.
    """

    target_seconds: TargetSeconds | None
    hours: Hours | None = None
    promise: Promise | None = None
    reason: Word | None = None
    paused_by: tuple[Status, ...] = ()
    reopen: ReopenMode = "resume"
    target_business_days: BusinessDays | None = None
    until: Until | None = None
    open_at_least: TargetSeconds | None = None
    calendar: Word | None = None
