"""[pure] What a case is promised: the terms of each milestone for a plan, a channel and a priority."""

from itertools import product
from typing import NamedTuple

from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import PRIORITIES, Milestone, NoTargetReason, Plan, Priority
from shared.policy.milestones import MILESTONE_TABLE
from shared.policy.model import Edition, Target
from shared.policy.per_edition import PerEdition

_PLACES: dict[NoTargetReason, str] = {
    "self_service": "channels",
    "no_priority_response": "plans.{plan}.priority_response",
    "not_promised": "targets",
}
_ALWAYS_STATED = tuple(milestone for milestone, rule in MILESTONE_TABLE.items() if rule.always_stated)


class PromisedBy(NamedTuple):
    """The place in an edition that decides what is promised, such as `targets[3]`, and the target that stands there.

    Where nothing is promised, it is the place of what stands in the way: `channels` (nobody answers there), the plan's
    `priority_response`, or all `targets`, none of which is for such a case.
    """

    place: str
    target: Target | None = None


class _Promises(NamedTuple):
    """The terms of each milestone, which target gives them, and what stands in the way of the others."""

    terms: dict[Milestone, MilestoneTerms]
    by: dict[Milestone, PromisedBy]
    in_the_way: PromisedBy


def promised(edition: Edition, plan: Plan, priority: Priority, *, staffed: bool) -> dict[Milestone, MilestoneTerms]:
    """The terms of every milestone that `edition` promises to such a case, and of those that are always stated.

    `staffed` says whether people answer on the assigned channel; where nobody does, nobody is waited for. A milestone
    without a target is explained by its reason. Shared by the router and, for re-prioritised cases, by escalation.
    Raises KeyError for a plan that `edition` does not have.
    """
    return _tables.of(edition)[plan, priority, staffed].terms.copy()


def promised_by(edition: Edition, plan: Plan, priority: Priority, milestone: Milestone, *, staffed: bool) -> PromisedBy:
    """Which rule of `edition` decides what `promised` says of a milestone."""
    promises = _tables.of(edition)[plan, priority, staffed]
    return promises.by.get(milestone, promises.in_the_way)


def _table(edition: Edition) -> dict[tuple[Plan, Priority, bool], _Promises]:
    return {
        (plan, priority, staffed): _promises(edition, plan, priority, staffed)
        # The plans of the edition, not of the vocabulary: a saved edition does not know those that came later.
        for plan, priority, staffed in product(edition.plans, PRIORITIES, (True, False))
    }


def _promises(edition: Edition, plan: Plan, priority: Priority, staffed: bool) -> _Promises:
    reason = _why_no_target(edition, plan, staffed)
    found = _Promises({}, {}, PromisedBy(_PLACES[reason].format(plan=plan)))
    for number, target in enumerate(edition.targets if staffed else ()):
        if plan in target.plans and priority in target.priorities:
            behaviour = edition.milestones[target.milestone]
            found.terms[target.milestone] = MilestoneTerms(
                target_seconds=target.target_seconds,
                hours=target.hours,
                promise=target.promise,
                paused_by=behaviour.paused_by,
                reopen=behaviour.reopen,
            )
            found.by[target.milestone] = PromisedBy(f"targets[{number}]", target)
    for milestone in _ALWAYS_STATED:
        found.terms.setdefault(milestone, MilestoneTerms(target_seconds=None, reason=reason))
    return found


def _why_no_target(edition: Edition, plan: Plan, staffed: bool) -> NoTargetReason:
    if not staffed:
        return "self_service"
    if not edition.plans[plan].priority_response and not any(plan in target.plans for target in edition.targets):
        return "no_priority_response"
    return "not_promised"


_tables = PerEdition(_table)
