"""[pure] What a case is promised: the terms of each milestone for a plan, a channel and a priority."""

from itertools import product

from shared.contracts.terms import MilestoneTerms
from shared.contracts.vocabulary import PLANS, PRIORITIES, Milestone, NoTargetReason, Plan, Priority
from shared.policy.model import Edition
from shared.policy.per_edition import PerEdition

ALWAYS_STATED: tuple[Milestone, ...] = ("first_response", "restoration")

_Terms = dict[Milestone, MilestoneTerms]


def promised(edition: Edition, plan: Plan, priority: Priority, *, staffed: bool) -> dict[Milestone, MilestoneTerms]:
    """The terms of every milestone that `edition` promises to such a case, and of the two that are always stated.

    `staffed` says whether people answer on the assigned channel; where nobody does, nobody is waited for. A milestone
    without a target is explained by its reason. Shared by the router and, for re-prioritised cases, by escalation.
    """
    return _tables.of(edition)[plan, priority, staffed].copy()


def _table(edition: Edition) -> dict[tuple[Plan, Priority, bool], _Terms]:
    return {
        (plan, priority, staffed): _terms(edition, plan, priority, staffed)
        for plan, priority, staffed in product(PLANS, PRIORITIES, (True, False))
    }


def _terms(edition: Edition, plan: Plan, priority: Priority, staffed: bool) -> _Terms:
    terms: _Terms = {}
    for target in edition.targets if staffed else ():
        if plan in target.plans and priority in target.priorities:
            behaviour = edition.milestones[target.milestone]
            terms[target.milestone] = MilestoneTerms(
                target_seconds=target.target_seconds,
                hours=target.hours,
                promise=target.promise,
                paused_by=behaviour.paused_by,
                reopen=behaviour.reopen,
            )
    reason = _why_no_target(edition, plan, staffed)
    for milestone in ALWAYS_STATED:
        terms.setdefault(milestone, MilestoneTerms(target_seconds=None, reason=reason))
    return terms


def _why_no_target(edition: Edition, plan: Plan, staffed: bool) -> NoTargetReason:
    if not staffed:
        return "self_service"
    if not edition.plans[plan].priority_response and not any(plan in target.plans for target in edition.targets):
        return "no_priority_response"
    return "not_promised"


_tables = PerEdition(_table)
