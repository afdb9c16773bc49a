"""[pure] What a case is promised: the terms of each milestone for a plan, a channel and a priority."""

from shared.contracts.terms import MilestoneTerms
from shared.contracts.vocabulary import Milestone, NoTargetReason, Plan, Priority
from shared.policy.model import Edition

ALWAYS_STATED: tuple[Milestone, ...] = ("first_response", "restoration")


def promised(edition: Edition, plan: Plan, priority: Priority, *, staffed: bool) -> dict[Milestone, MilestoneTerms]:
    """The terms of every milestone that `edition` promises to such a case, and of the two that are always stated.

    `staffed` says whether people answer on the assigned channel; where nobody does, nobody is waited for. A milestone
    without a target is explained by its reason. Shared by the router and, for re-prioritised cases, by escalation.
    """
    terms: dict[Milestone, MilestoneTerms] = {}
    if staffed:
        for target in edition.targets:
            if plan in target.plans and priority in target.priorities:
                behaviour = edition.milestones[target.milestone]
                terms[target.milestone] = MilestoneTerms(
                    target_seconds=target.target_seconds,
                    hours=target.hours,
                    promise=target.promise,
                    paused_by=behaviour.paused_by,
                    reopen=behaviour.reopen,
                )
    reason: NoTargetReason = "self_service" if not staffed else "not_promised"
    if staffed and not edition.plans[plan].priority_response and not any(plan in t.plans for t in edition.targets):
        reason = "no_priority_response"
    for milestone in ALWAYS_STATED:
        terms.setdefault(milestone, MilestoneTerms(target_seconds=None, reason=reason))
    return terms
