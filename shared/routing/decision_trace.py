"""[pure] How a decision came about: the rules that were asked, in order, with their answers and reasons."""

from collections.abc import Mapping

from shared.contracts.structs import ChannelVerdict, EscalationRights, MilestoneTerms, TraceStep
from shared.contracts.vocabulary import RequesterFrom
from shared.policy.model import Assignment
from shared.routing.entitlement import NEEDS_TRIAGE, Profile
from shared.routing.reasons import Fact, Why, not_covered, person


def step(rule: str, outcome: bool, code: str, **facts: Fact) -> TraceStep:
    """One rule, its answer and why."""
    return TraceStep(rule=rule, outcome=outcome, reason=code, facts=facts)


def step_because(rule: str, outcome: bool, why: Why) -> TraceStep:
    """The same for a reason that was given."""
    return TraceStep(rule=rule, outcome=outcome, reason=why.code, facts=why.facts)


def assignment_steps(
    profile: Profile,
    requester_from: RequesterFrom,
    channels: Mapping[str, ChannelVerdict],
    wanted: str,
    assigned: str,
    sent_by: Assignment | None,
    rights: EscalationRights,
    not_in_edition: str | None,
) -> tuple[TraceStep, ...]:
    """Who asks, whether the wanted channel is open, where they go instead, what they may escalate.

    `sent_by` is the rule that sends them elsewhere, whatever they asked for.
    """
    steps = [_account_step(profile, not_in_edition), _requester_step(profile, requester_from)]
    verdict, instead = channels[wanted], channels[assigned]
    place: dict[str, Fact] = {"channel": assigned, "tier": str(instead.tier), "wanted": wanted}
    if verdict.eligible:
        steps.append(step(verdict.rule, True, "channel.open", channel=wanted, tier=str(verdict.tier)))
    else:
        steps.append(TraceStep(rule=verdict.rule, outcome=False, reason=verdict.reason or "", facts=verdict.facts))
    if sent_by is not None:
        steps.append(step(sent_by.id, True, "channel.sent", **place))
    elif not verdict.eligible:
        steps.append(step(instead.rule, True, "channel.instead", **place))
    if profile.standing in NEEDS_TRIAGE:
        steps.append(step("triage", True, "triage.needed", why=not_covered(profile.standing)))
    asking = step(
        "escalation.customer_requested",
        rights.customer_requested,
        "escalation.may_ask" if rights.customer_requested else "escalation.may_not_ask",
        who=person(profile),
        plan=profile.plan,
        account_type=profile.account_type,
    )
    return (*steps, asking)


def milestone_step(milestone: str, plan: str, priority: str, tier: str, terms: MilestoneTerms) -> TraceStep:
    """What is promised for a milestone, or why nothing is."""
    rule, bought = f"target.{milestone}", {"plan": plan, "priority": priority}
    if terms.promise is None:
        return step(rule, False, f"no_target.{terms.reason or 'not_promised'}", **bought, tier=tier)
    if terms.target_business_days is not None:
        return step(
            rule,
            True,
            f"target.business_days.{terms.until}",
            **bought,
            days=terms.target_business_days,
            promise=terms.promise,
        )
    return step(
        rule,
        True,
        "target.promised",
        **bought,
        seconds=terms.target_seconds or 0,
        hours=terms.hours or "elapsed",
        promise=terms.promise,
    )


def _account_step(profile: Profile, not_in_edition: str | None) -> TraceStep:
    if profile.standing != "covered":
        facts: dict[str, Fact] = {} if not_in_edition is None else {"word": not_in_edition}
        return step("entitlement.known", False, f"not_covered.{profile.standing}", **facts)
    code = "account.paid" if profile.paid else "account.not_paid"
    return step("entitlement.known", True, code, plan=profile.plan, account_type=profile.account_type)


def _requester_step(profile: Profile, requester_from: RequesterFrom) -> TraceStep:
    return step(
        "requester.contact_list",
        requester_from == "contact_list",
        f"requester.{requester_from}",
        who=person(profile),
    )
