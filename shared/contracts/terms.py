"""[pure] The terms of one milestone, as policy gives them and as a case pins them."""

from typing import Annotated

from pydantic import Field

from shared.contracts.base import Part
from shared.contracts.vocabulary import Hours, NoTargetReason, Promise, ReopenMode

TargetSeconds = Annotated[int, Field(gt=0, le=2**53 - 1)]  # JSON readers agree on integers up to 2**53


class MilestoneTerms(Part):
    """How long a milestone may take, in which hours, with what kind of promise; or why it has no target.

    `target_seconds` counts in `hours`: elapsed seconds, open seconds of the case's calendar, or elapsed seconds and
    then the next open instant. `paused_by` names the statuses that stop the count. With `target_seconds` null,
    `reason` says why and the rest is absent.
    """

    target_seconds: TargetSeconds | None
    hours: Hours | None = None
    promise: Promise | None = None
    reason: NoTargetReason | None = None
    paused_by: tuple[str, ...] = ()
    reopen: ReopenMode = "resume"
