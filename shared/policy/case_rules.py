"""[pure] How the clocks of a case behave by its edition: its milestones, and what its statuses count as."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from shared.business_time.instants import SECOND, Micros
from shared.contracts.vocabulary import STATUS_KINDS, ActivityType, StatusKind
from shared.policy.milestones import MilestoneTable, activity_in
from shared.policy.model import Edition
from shared.policy.per_edition import PerEdition

WITHDRAWN = "withdrawn"  # a change to this status is that very act, as for what counts as closed
# Activity that clocks care about whatever the milestones are.
_ALWAYS_RELEVANT: frozenset[ActivityType] = frozenset(
    (
        "agent_replied",
        "customer_replied",
        "status_changed",
        "resolved",
        "reopened",
        "closed",
        "withdrawn",
        "reprioritised",
        "entitlement_refreshed",
        "policy_migrated",
        "reply_retracted",
        "acknowledged",
        "milestone_reached",
    )
)


@dataclass(frozen=True)
class CaseRules:
    """What the fold interprets.

    `reopened_by` is activity that opens a resolved case again, `wait_ends_with` activity that ends a status which
    counts as waiting. After `silence` without a sign from agents, an acknowledged chain goes on.
    """

    milestones: MilestoneTable
    statuses: Mapping[str, StatusKind] = field(default_factory=dict)
    reopened_by: frozenset[str] = frozenset()
    wait_ends_with: frozenset[str] = frozenset()
    silence: Micros = 0

    def counts_as(self, status: str) -> StatusKind:
        """What a status counts as. One that the edition does not list counts as open."""
        known = self.statuses.get(status)
        if known is not None:
            return known
        if status == WITHDRAWN:
            return "closed"
        return status if status in STATUS_KINDS else "open"

    def meant_by(self, status: str) -> str | None:
        """The known status that people take an unlisted one for, since they differ in what nobody distinguishes."""
        if status in self.statuses:
            return None
        return looks_like(status, (*self.statuses, *STATUS_KINDS, WITHDRAWN))

    @cached_property
    def relevant(self) -> frozenset[str]:
        """The types of activity that can change a clock; the others need not be remembered."""
        return _ALWAYS_RELEVANT | frozenset(activity_in(self.milestones)) | self.reopened_by | self.wait_ends_with

    def over(self, earlier: "CaseRules") -> "CaseRules":
        """These rules for a case that had the `earlier` ones: it keeps milestones that only those have."""
        if earlier.milestones.keys() <= self.milestones.keys():
            return self
        only_earlier = {name: row for name, row in earlier.milestones.items() if name not in self.milestones}
        table = MilestoneTable({**self.milestones, **only_earlier})
        return replace(self, milestones=table)


def case_rules(edition: Edition) -> CaseRules:
    """The rules of `edition`."""
    return _rules.of(edition)


def looks_like(status: str, known: Iterable[str]) -> str | None:
    """The word of `known` that differs from `status` in case, spaces, hyphens or underscores alone, or None."""
    folded = fold_status(status)
    return next((word for word in known if word != status and fold_status(word) == folded), None)


def fold_status(status: str) -> str:
    """A status without what people do not distinguish: case, spaces, hyphens, underscores."""
    return "".join(status.casefold().replace("-", "").replace("_", "").split())


_rules = PerEdition(
    lambda edition: CaseRules(
        MilestoneTable(edition.milestones),
        edition.statuses,
        frozenset(edition.reopened_by),
        frozenset(edition.wait_ends_with),
        edition.acknowledgement.silence_seconds * SECOND,
    )
)
