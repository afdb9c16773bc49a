"""[pure] How a decision came about: the rules that were asked, in order, with their answers and reasons."""

from shared.contracts.structs import ChannelVerdict, EscalationRights, MilestoneTerms, TraceStep
from shared.contracts.vocabulary import Channel, Milestone, Plan, Priority, RequesterFrom, RequestType
from shared.routing.entitlement import Profile
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
    channels: dict[Channel, ChannelVerdict],
    wanted: Channel,
    assigned: Channel,
    rights: EscalationRights,
    request_type: RequestType,
) -> tuple[TraceStep, ...]:
    """Who asks, whether the wanted channel is open, where they go instead, what they may escalate."""
    steps = [_account_step(profile), _requester_step(profile, requester_from)]
    verdict, instead = channels[wanted], channels[assigned]
    if verdict.eligible:
        steps.append(step(verdict.rule, True, "channel.open", channel=wanted, tier=str(verdict.tier)))
    else:
        steps.append(TraceStep(rule=verdict.rule, outcome=False, reason=verdict.reason or "", facts=verdict.facts))
        place: dict[str, Fact] = {"channel": assigned, "tier": str(instead.tier), "wanted": wanted}
        steps.append(step(instead.rule, True, "channel.instead", **place))
    if profile.standing in ("unknown_account", "withdrawn"):
        steps.append(step("triage", True, "triage.needed", why=not_covered(profile)))
    asking = step(
        "escalation.customer_requested",
        rights.customer_requested,
        "escalation.may_ask" if rights.customer_requested else "escalation.may_not_ask",
        who=person(profile),
        plan=profile.plan,
        account_type=profile.account_type,
        request_type=request_type,
    )
    return (*steps, asking)


def milestone_step(milestone: Milestone, plan: Plan, priority: Priority, terms: MilestoneTerms) -> TraceStep:
    """What is promised for a milestone, or why nothing is."""
    rule, bought = f"target.{milestone}", {"plan": plan, "priority": priority}
    if terms.target_seconds is None:
        return step(rule, False, f"no_target.{terms.reason or 'not_promised'}", **bought)
    return step(
        rule,
        True,
        "target.promised",
        **bought,
        seconds=terms.target_seconds,
        hours=terms.hours or "elapsed",
        promise=str(terms.promise),
    )


def _account_step(profile: Profile) -> TraceStep:
    if profile.standing != "covered":
        return step("entitlement.known", False, f"not_covered.{profile.standing}")
    code = "account.paid" if profile.paid else "account.not_paid"
    return step("entitlement.known", True, code, plan=profile.plan, account_type=profile.account_type)


def _requester_step(profile: Profile, requester_from: RequesterFrom) -> TraceStep:
    return step(
        "requester.contact_list",
        requester_from == "contact_list",
        f"requester.{requester_from}",
        who=person(profile),
    )
