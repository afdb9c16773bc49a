"""[pure] How a decision came about: the rules that were asked, in order, with their answers in plain English.

Values of the vocabulary and names from the policy only: never an id, never a customer's text.
"""

from services.router.entitlement import WHY_NOT_COVERED, Profile, RequesterFrom
from shared.contracts import wire
from shared.contracts.router import ChannelVerdict, EscalationRights, TraceStep
from shared.contracts.terms import MilestoneTerms
from shared.contracts.vocabulary import Channel, Milestone, Plan, Priority, RequestType

_TraceStep = wire.struct(TraceStep)

_HOURS = {
    "elapsed": "round the clock",
    "business": "in the business hours of its calendar",
    "elapsed_then_next_open": "round the clock, then to the next open instant of its calendar",
}
_NO_TARGET = {
    "no_priority_response": "plan {plan} has no priority response",
    "self_service": "nobody answers on a self-service channel, so there is nothing to wait for",
    "not_promised": "plan {plan} is not promised one for {priority}",
}


def step(rule: str, outcome: bool, because: str) -> TraceStep:
    """One rule, its answer and why."""
    return _TraceStep(rule=rule, outcome=outcome, because=because)


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
    verdict = channels[wanted]
    if verdict.eligible:
        steps.append(step(verdict.rule, True, f"{wanted} is open at {verdict.tier}"))
    else:
        steps.append(step(verdict.rule, False, verdict.because or ""))
        instead = channels[assigned]
        steps.append(step(instead.rule, True, f"{assigned} is open at {instead.tier} and takes the place of {wanted}"))
    if profile.standing in ("unknown_account", "withdrawn"):
        steps.append(step("triage", True, f"{WHY_NOT_COVERED[profile.standing]}: a person has to look"))
    may = "may" if rights.customer_requested else "may not"
    because = f"{_person(profile)} of plan {profile.plan}, account type {profile.account_type}, {may} ask"
    steps.append(step("escalation.customer_requested", rights.customer_requested, f"{because} ({request_type})"))
    return tuple(steps)


def milestone_step(milestone: Milestone, plan: Plan, priority: Priority, terms: MilestoneTerms) -> TraceStep:
    """What is promised for a milestone, or why nothing is."""
    rule = f"target.{milestone}"
    if terms.target_seconds is None:
        because = _NO_TARGET[terms.reason or "not_promised"].format(plan=plan, priority=priority)
        return step(rule, False, because)
    hours = _HOURS[terms.hours or "elapsed"]
    return step(rule, True, f"{priority} on plan {plan}: {terms.target_seconds} s {hours} ({terms.promise})")


def _account_step(profile: Profile) -> TraceStep:
    if profile.standing != "covered":
        return step("entitlement.known", False, WHY_NOT_COVERED[profile.standing])
    paid = "paid" if profile.paid else "not paid"
    because = f"the account is known: plan {profile.plan}, type {profile.account_type}, {paid}"
    return step("entitlement.known", True, because)


def _requester_step(profile: Profile, requester_from: RequesterFrom) -> TraceStep:
    rule, who = "requester.contact_list", _person(profile)
    if requester_from == "contact_list":
        return step(rule, True, f"the account's contact list says who asks: {who}")
    if requester_from == "producer_claim":
        return step(rule, False, f"no contact list names the requester, so the producer's word counts: {who}")
    return step(rule, False, f"nobody vouches for the requester, who counts as {who}")


def _person(profile: Profile) -> str:
    return f"{'licensed' if profile.licensed else 'unlicensed'} {profile.role}"
