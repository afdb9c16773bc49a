"""[pure] Which channels are open to whom, at which tier, by which rule; and why not, where one is closed."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.contracts.structs import ChannelVerdict, Reason
from shared.contracts.vocabulary import TIERS, AccountType, Channel, Plan, RequestType, Role
from shared.policy.model import AccessRule, Condition, CustomerEscalationCondition, Edition
from shared.routing.entitlement import Profile
from shared.routing.reasons import Facts, Why, not_covered, part, why

NOT_COVERED_RULE = "entitlement.known"
_RANK = {tier: rank for rank, tier in enumerate(TIERS)}


def verdicts(edition: Edition, profile: Profile) -> dict[Channel, ChannelVerdict]:
    """For each channel whether it is open to `profile`, the tier, the rule that decided and, if closed, the way out."""
    answers = {channel: _verdict(edition, profile, channel) for channel in edition.channels}
    return {
        channel: answer
        if answer.eligible
        else ChannelVerdict(
            eligible=False,
            tier=None,
            rule=answer.rule,
            reason=answer.reason,
            facts=answer.facts,
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


class RightToAsk(NamedTuple):
    """Whether somebody may ask for an escalation after the waits; the rule of the edition that says so, and why."""

    may_ask: bool
    rule: str
    why: Why


def may_ask_for_escalation(edition: Edition, profile: Profile, request_type: RequestType) -> bool:
    """Whether the policy lets this requester ask for an escalation of such a request once the waits are over."""
    return right_to_ask(edition, profile, request_type).may_ask


def right_to_ask(edition: Edition, profile: Profile, request_type: RequestType) -> RightToAsk:
    """The same with the rule that decides, and why: the first condition that is met, or what all of them lack."""
    asking = edition.customer_escalation
    if profile.standing != "covered":
        return RightToAsk(False, NOT_COVERED_RULE, why(f"not_covered.{profile.standing}"))
    if request_type not in asking.request_types:
        because = why("asking.request_type", types=tuple(asking.request_types), request_type=request_type)
        return RightToAsk(False, "customer_escalation.request_types", because)
    lacking = [list(_failures(edition, when, profile)) for when in asking.any_of]
    if [] not in lacking:
        return RightToAsk(False, "customer_escalation.any_of", why("asking.needs", **_what_lacks(lacking)))
    met = lacking.index([])
    needs = tuple(need for _, need, _ in _demands(edition, asking.any_of[met], profile))
    because = why("asking.allowed", needs=needs) if needs else why("asking.everyone")
    return RightToAsk(True, f"customer_escalation.any_of[{met}]", because)


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
        return ChannelVerdict(eligible=True, tier=best.tier, rule=best.id)
    if profile.standing != "covered":
        return _closed(NOT_COVERED_RULE, why("channel.not_for_everyone", channel=channel, why=not_covered(profile)))
    if missing:
        need, fact = missing[0]
        because = why("channel.needs", channel=channel, needs=(need,), facts=(fact,))
        return _closed(f"channel.{channel}.requires", because)
    if not rules:
        return _closed(f"plan.{profile.plan}", why("channel.closed_on_plan", plan=profile.plan, channel=channel))
    rule, alternatives = _nearest(edition, profile, rules)
    because = why("channel.needs_on_plan", channel=channel, plan=profile.plan, **_what_lacks(alternatives))
    return _closed(rule.id, because)


_Failures = Sequence[tuple[Reason, Reason]]


def _nearest(edition: Edition, profile: Profile, rules: list[AccessRule]) -> tuple[AccessRule, list[_Failures]]:
    """Of the rules that all refuse, the one that lacks least, and what each of its alternatives lacks."""
    lacking: list[tuple[AccessRule, list[_Failures]]] = [
        (rule, [list(_failures(edition, when, profile)) for when in rule.any_of]) for rule in rules
    ]
    return min(lacking, key=lambda entry: min(map(len, entry[1])))


def _what_lacks(alternatives: Sequence[_Failures]) -> Facts:
    """The first lack of each of the alternatives that lack least: what is needed, and what is the case."""
    least = min(map(len, alternatives))
    needs: list[Reason] = []
    facts: list[Reason] = []
    for failures in alternatives:
        need, fact = failures[0]
        if len(failures) == least:
            needs += () if need in needs else (need,)
            facts += () if fact in facts else (fact,)
    return {"needs": tuple(needs), "facts": tuple(facts)}


def _closed(rule: str, because: Why) -> ChannelVerdict:
    return ChannelVerdict(eligible=False, tier=None, rule=rule, reason=because.code, facts=because.facts)


def _failures(edition: Edition, when: Condition, profile: Profile) -> Iterator[tuple[Reason, Reason]]:
    """Each part of `when` that `profile` does not meet: what it needs, and what is the case."""
    return ((need, fact) for met, need, fact in _demands(edition, when, profile) if not met)


def _demands(edition: Edition, when: Condition, profile: Profile) -> Iterator[tuple[bool, Reason, Reason]]:
    """Each part of `when`: whether `profile` meets it, what it needs, and what is the case."""
    if isinstance(when, CustomerEscalationCondition) and when.plans is not None:
        need = part("need.plan", plans=tuple(when.plans))
        yield profile.plan in when.plans, need, part("fact.plan", plan=profile.plan)
    if when.roles is not None:
        need = part("need.role", roles=tuple(when.roles))
        yield _counts(edition.role_counts_as[profile.role], when.roles), need, part("fact.role", role=profile.role)
    if when.licensed is not None:
        need = part("need.licence" if when.licensed else "need.no_licence")
        yield profile.licensed == when.licensed, need, part("fact.licence" if profile.licensed else "fact.no_licence")
    if when.account_types is not None:
        met = _counts(edition.account_type_counts_as[profile.account_type], when.account_types)
        need = part("need.account_type", account_types=tuple(when.account_types))
        yield met, need, part("fact.account_type", account_type=profile.account_type)
    if when.paid is not None:
        need = part("need.paid" if when.paid else "need.not_paid")
        yield profile.paid == when.paid, need, part("fact.paid" if profile.paid else "fact.not_paid")


def _counts(read_as: tuple[Role, ...] | tuple[AccountType, ...], wanted: tuple[str, ...]) -> bool:
    return not set(read_as).isdisjoint(wanted)
