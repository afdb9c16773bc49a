"""[pure] Which channels are open to whom, at which tier, by which rule; and why not, where one is closed."""

from collections.abc import Iterator

from services.router.entitlement import WHY_NOT_COVERED, Profile
from shared.contracts import wire
from shared.contracts.router import ChannelVerdict
from shared.contracts.vocabulary import TIERS, AccountType, Channel, Plan, Role
from shared.policy.model import AccessRule, Condition, CustomerEscalationCondition, Edition

_Verdict = wire.struct(ChannelVerdict)

NOT_COVERED_RULE = "entitlement.known"
_RANK = {tier: rank for rank, tier in enumerate(TIERS)}


def verdicts(edition: Edition, profile: Profile) -> dict[Channel, ChannelVerdict]:
    """For each channel whether it is open to `profile`, the tier, the rule that decided and, if closed, the way out."""
    answers = {channel: _verdict(edition, profile, channel) for channel in edition.channels}
    return {
        channel: answer
        if answer.eligible
        else _Verdict(
            eligible=False,
            tier=None,
            rule=answer.rule,
            because=answer.because,
            use_instead=next_best(edition, answers, channel),
        )
        for channel, answer in answers.items()
    }


def next_best(edition: Edition, answers: dict[Channel, ChannelVerdict], closed: Channel) -> Channel:
    """Where to go instead of `closed`: the first open channel that the policy names for that, else the first of all."""
    for channel in (*edition.channels[closed].fallback, *edition.channels):
        if answers[channel].eligible:
            return channel
    raise AssertionError(f"edition {edition.edition} has no channel that is open to everyone")


def plans_held(edition: Edition, plan: Plan) -> tuple[Plan, ...]:
    """`plan` and every plan that it includes."""
    held: list[Plan] = []
    current: Plan | None = plan
    while current is not None and current not in held:
        held.append(current)
        current = edition.plans[current].includes
    return tuple(held)


def may_ask_for_escalation(edition: Edition, profile: Profile, request_type: str) -> bool:
    """Whether the policy lets this requester ask for an escalation of such a request, the waits aside."""
    return (
        profile.standing == "covered"
        and request_type in edition.customer_escalation.request_types
        and any(not list(_failures(edition, when, profile)) for when in edition.customer_escalation.any_of)
    )


def _verdict(edition: Edition, profile: Profile, channel: Channel) -> ChannelVerdict:
    requires = edition.channels[channel].requires
    held = plans_held(edition, profile.plan)
    rules = [rule for rule in edition.access if channel in rule.channels and not set(held).isdisjoint(rule.plans)]
    if profile.standing != "covered":  # only what everyone may use: no rule that opens a desk with people
        rules = [rule for rule in rules if rule.tier == TIERS[0]]
    missing = list(_failures(edition, requires, profile))
    met = [rule for rule in rules if any(not list(_failures(edition, when, profile)) for when in rule.any_of)]
    if met and not missing:
        best = max(met, key=lambda rule: _RANK[rule.tier])
        return _Verdict(eligible=True, tier=best.tier, rule=best.id)
    if profile.standing != "covered":
        return _closed(NOT_COVERED_RULE, f"{channel} is not open to everyone, and {WHY_NOT_COVERED[profile.standing]}")
    if missing:
        need, fact = missing[0]
        return _closed(f"channel.{channel}.requires", f"{channel} needs {need}; {fact}")
    if not rules:
        return _closed(f"plan.{profile.plan}", f"plan {profile.plan} does not open {channel} to anyone")
    return _nearest(edition, profile, channel, rules)


def _nearest(edition: Edition, profile: Profile, channel: Channel, rules: list[AccessRule]) -> ChannelVerdict:
    """Of the rules that all refuse, the one that lacks least; of its alternatives, those that lack least."""
    lacking = [(rule, [list(_failures(edition, when, profile)) for when in rule.any_of]) for rule in rules]
    rule, alternatives = min(lacking, key=lambda entry: min(map(len, entry[1])))
    least = min(map(len, alternatives))
    firsts = dict.fromkeys(failures[0] for failures in alternatives if len(failures) == least)
    needs = " or ".join(dict.fromkeys(need for need, _ in firsts))
    facts = " and ".join(dict.fromkeys(fact for _, fact in firsts))
    return _closed(rule.id, f"{channel} on plan {profile.plan} needs {needs}; {facts}")


def _closed(rule: str, because: str) -> ChannelVerdict:
    return _Verdict(eligible=False, tier=None, rule=rule, because=because)


def _failures(edition: Edition, when: Condition, profile: Profile) -> Iterator[tuple[str, str]]:
    """Each part of `when` that `profile` does not meet: what it needs, and what is the case."""
    if isinstance(when, CustomerEscalationCondition) and when.plans is not None and profile.plan not in when.plans:
        yield f"plan {_or(when.plans)}", f"the plan is {profile.plan}"
    if when.roles is not None and not _counts(edition.role_counts_as[profile.role], when.roles):
        yield f"the role {_or(when.roles)}", f"the requester is {_a(profile.role)}"
    if when.licensed is not None and profile.licensed != when.licensed:
        needs = "a licence" if when.licensed else "a requester without a licence"
        yield needs, f"the requester has {'a' if profile.licensed else 'no'} licence"
    if when.account_types is not None and not _counts(
        edition.account_type_counts_as[profile.account_type], when.account_types
    ):
        yield f"an account of type {_or(when.account_types)}", f"the account is of type {profile.account_type}"
    if when.paid is not None and profile.paid != when.paid:
        needs = "a paid account" if when.paid else "an account that is not paid"
        yield needs, f"the account is {'' if profile.paid else 'not '}paid"


def _counts(read_as: tuple[Role, ...] | tuple[AccountType, ...], wanted: tuple[str, ...]) -> bool:
    return not set(read_as).isdisjoint(wanted)


def _or(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
