"""[pure] How a decision came about: the rules that were asked, in order, with their answers in plain words.

Values of the vocabulary and names from the policy only: never an id, never a customer's text.
"""

from shared.contracts.structs import ChannelVerdict, EscalationRights, MilestoneTerms, TraceStep
from shared.contracts.vocabulary import Channel, Milestone, Plan, Priority, RequestType
from shared.routing.entitlement import Profile, RequesterFrom
from shared.routing.messages import Words


def step(rule: str, outcome: bool, because: str) -> TraceStep:
    """One rule, its answer and why."""
    return TraceStep(rule=rule, outcome=outcome, because=because)


def assignment_steps(
    profile: Profile,
    requester_from: RequesterFrom,
    channels: dict[Channel, ChannelVerdict],
    wanted: Channel,
    assigned: Channel,
    rights: EscalationRights,
    request_type: RequestType,
    words: Words,
) -> tuple[TraceStep, ...]:
    """Who asks, whether the wanted channel is open, where they go instead, what they may escalate."""
    steps = [_account_step(profile, words), _requester_step(profile, requester_from, words)]
    verdict, instead = channels[wanted], channels[assigned]
    if verdict.eligible:
        steps.append(step(verdict.rule, True, words("open", **_place(words, wanted, verdict))))
    else:
        steps.append(step(verdict.rule, False, verdict.because or ""))
        because = words("instead", **_place(words, assigned, instead), wanted=words.name("channel", wanted))
        steps.append(step(instead.rule, True, because))
    if profile.standing in ("unknown_account", "withdrawn"):
        steps.append(step("triage", True, words("triage", why=words(f"not_covered.{profile.standing}"))))
    asking = words(
        "may_ask" if rights.customer_requested else "may_not_ask",
        who=_person(profile, words),
        plan=words.name("plan", profile.plan),
        account_type=words.name("account_type", profile.account_type),
        request_type=words.name("request_type", request_type),
    )
    steps.append(step("escalation.customer_requested", rights.customer_requested, asking))
    return tuple(steps)


def milestone_step(
    milestone: Milestone, plan: Plan, priority: Priority, terms: MilestoneTerms, words: Words
) -> TraceStep:
    """What is promised for a milestone, or why nothing is."""
    rule, bought = f"target.{milestone}", {"plan": words.name("plan", plan), "priority": priority}
    if terms.target_seconds is None:
        return step(rule, False, words(f"no_target.{terms.reason or 'not_promised'}", **bought))
    because = words(
        "target",
        **bought,
        seconds=terms.target_seconds,
        hours=words(f"hours.{terms.hours or 'elapsed'}"),
        promise=words.name("promise", str(terms.promise)),
    )
    return step(rule, True, because)


def _place(words: Words, channel: Channel, verdict: ChannelVerdict) -> dict[str, str]:
    return {"channel": words.name("channel", channel), "tier": words.name("tier", str(verdict.tier))}


def _account_step(profile: Profile, words: Words) -> TraceStep:
    if profile.standing != "covered":
        return step("entitlement.known", False, words(f"not_covered.{profile.standing}"))
    because = words(
        "account",
        plan=words.name("plan", profile.plan),
        account_type=words.name("account_type", profile.account_type),
        paid=words("paid" if profile.paid else "not_paid"),
    )
    return step("entitlement.known", True, because)


def _requester_step(profile: Profile, requester_from: RequesterFrom, words: Words) -> TraceStep:
    because = words(f"requester.{requester_from}", who=_person(profile, words))
    return step("requester.contact_list", requester_from == "contact_list", because)


def _person(profile: Profile, words: Words) -> str:
    return words("licensed" if profile.licensed else "unlicensed", role=words.name("role", profile.role))
