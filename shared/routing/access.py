"""[pure] Which channels are open to whom, at which tier, by which rule; and why not, where one is closed."""

from collections.abc import Mapping
from typing import NamedTuple

from shared.contracts.structs import ChannelVerdict, Reason
from shared.contracts.vocabulary import CoverageStatus
from shared.policy.condition import Condition, Situation, wanted
from shared.policy.model import AccessRule, Assignment, Edition
from shared.routing.demands import Demand, demands, lacking, what_lacks
from shared.routing.reasons import Why, not_covered, part, why

NOT_COVERED_RULE = "entitlement.known"
HELP = "note.help"  # the code of a note that is a help text


def verdicts(edition: Edition, standing: CoverageStatus, situation: Situation) -> dict[str, ChannelVerdict]:
    """For each channel whether it is open in `situation`, the tier, the rule that decided and, if closed, the way out.

    The channel of `situation` does not matter: each is asked about in turn.
    """
    answers = {
        channel: _verdict(edition, standing, situation._replace(channel=channel), channel)
        for channel in edition.channels
    }
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


def conditions_of_access(edition: Edition) -> list[Condition]:
    """All conditions that `verdicts` asks."""
    conditions = [when for rule in edition.access for when in rule.any_of]
    return conditions + [channel.requires for channel in edition.channels.values()]


def next_best(edition: Edition, answers: Mapping[str, ChannelVerdict], closed: str) -> str:
    """Where to go instead of `closed`: the first open channel that the policy names for that, else the first of all."""
    for channel in (*edition.channels[closed].fallback, *edition.channels):
        if answers[channel].eligible:
            return channel
    raise AssertionError(f"edition {edition.edition} has no channel that is open to everyone")


def sent_elsewhere(
    edition: Edition, channels: Mapping[str, ChannelVerdict], wanted_channel: Situation
) -> Assignment | None:
    """The first assignment of `edition` that holds, and whose channel is open; None if there is none."""
    for rule in edition.assignments:
        if channels[rule.channel].eligible and any(
            wanted(edition, when).met_by(wanted_channel) for when in rule.any_of
        ):
            return rule
    return None


def help_texts(edition: Edition, answers: Mapping[str, ChannelVerdict]) -> tuple[Reason, ...]:
    """What there is instead for somebody whose channel is closed: the help texts of the channels that are open to them,
    and those about no channel, in the edition's order.
    """
    about = {channel.resource for channel in edition.channels.values()}
    is_open = {edition.channels[name].resource for name, verdict in answers.items() if verdict.eligible}
    found = (resource for resource in edition.resources if resource in is_open or resource not in about)
    return tuple(part(HELP, resource=resource) for resource in found)


class RightToAsk(NamedTuple):
    """Whether somebody may ask for an escalation after the waits; the rule of the edition that says so, and why.

    `excluded`: this kind of request has no escalation, whoever asks.
    """

    may_ask: bool
    rule: str
    why: Why
    excluded: bool = False


def right_to_ask(edition: Edition, standing: CoverageStatus, situation: Situation) -> RightToAsk:
    """Whether the policy lets this requester ask for an escalation of such a request once the waits are over.

    With the rule that decides, and why: the first condition that is met, or what all of them lack.
    """
    asking = edition.customer_escalation
    if asking is None:
        return RightToAsk(False, "customer_escalation", why("asking.nobody"), excluded=True)
    lacks = lacking(edition, asking.requires, situation)
    if standing != "covered":
        return RightToAsk(False, NOT_COVERED_RULE, why(f"not_covered.{standing}"), bool(lacks))
    if lacks:
        because = why("asking.request_type", **what_lacks([lacks]))
        return RightToAsk(False, "customer_escalation.requires", because, excluded=True)
    alternatives = [lacking(edition, when, situation) for when in asking.any_of]
    if [] not in alternatives:
        return RightToAsk(False, "customer_escalation.any_of", why("asking.needs", **what_lacks(alternatives)))
    met = alternatives.index([])
    needs = tuple(demand.need for demand in demands(edition, asking.any_of[met], situation))
    because = why("asking.allowed", needs=needs) if needs else why("asking.everyone")
    return RightToAsk(True, f"customer_escalation.any_of[{met}]", because)


def conditions_of_asking(edition: Edition) -> list[Condition]:
    """All conditions that `right_to_ask` asks."""
    asking = edition.customer_escalation
    return [] if asking is None else [asking.requires, *asking.any_of]


def _verdict(edition: Edition, standing: CoverageStatus, situation: Situation, channel: str) -> ChannelVerdict:
    policy = edition.channels[channel]
    held = edition.plans_held(situation.plan)
    rules = [rule for rule in edition.access if channel in rule.channels and not set(held).isdisjoint(rule.plans)]
    covered = standing == "covered"
    if not covered and policy.staffed:
        rules = [rule for rule in rules if rule.without_account]
    missing = lacking(edition, policy.requires, situation)
    met = [rule for rule in rules if any(not lacking(edition, when, situation) for when in rule.any_of)]
    if met and not missing:
        tiers = list(edition.tiers)
        best = max(met, key=lambda rule: tiers.index(rule.tier))
        return ChannelVerdict(eligible=True, tier=best.tier, rule=best.id)
    if not covered:
        because = why("channel.not_for_everyone", channel=channel, why=not_covered(standing))
        return _closed(NOT_COVERED_RULE, because)
    if missing:
        because = why("channel.needs", channel=channel, needs=(missing[0].need,), facts=(missing[0].fact,))
        return _closed(f"channel.{channel}.requires", because)
    if not rules:
        return _closed(f"plan.{situation.plan}", why("channel.closed_on_plan", plan=situation.plan, channel=channel))
    rule, alternatives = _nearest(edition, situation, rules)
    lacks = what_lacks(alternatives)
    return _closed(rule.id, why("channel.needs_on_plan", channel=channel, plan=situation.plan, **lacks))


def _nearest(edition: Edition, situation: Situation, rules: list[AccessRule]) -> tuple[AccessRule, list[list[Demand]]]:
    """Of the rules that all refuse, the one that lacks least, and what each of its alternatives lacks."""
    lacks = [(rule, [lacking(edition, when, situation) for when in rule.any_of]) for rule in rules]
    return min(lacks, key=lambda entry: min(map(len, entry[1])))


def _closed(rule: str, because: Why) -> ChannelVerdict:
    return ChannelVerdict(eligible=False, tier=None, rule=rule, reason=because.code, facts=because.facts)
