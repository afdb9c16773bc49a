"""[pure] A condition in reasons: each of its parts, what it needs, and what is the case."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.contracts.structs import Reason
from shared.policy.base import language_ranges
from shared.policy.condition import Condition, Situation, wanted
from shared.policy.model import Edition
from shared.routing.reasons import Facts, part


class Demand(NamedTuple):
    """One part of a condition: whether it is met, what it needs, and what is the case."""

    met: bool
    need: Reason
    fact: Reason


def demands(edition: Edition, when: Condition, situation: Situation) -> Iterator[Demand]:
    """Each part of `when`, answered for `situation`."""
    plain = wanted(edition, when)
    if when.plans is not None and plain.plans is not None:
        need = part("need.plan", plans=when.plans)
        yield Demand(situation.plan in plain.plans, need, part("fact.plan", plan=situation.plan))
    if when.roles is not None and plain.roles is not None:
        need = part("need.role", roles=when.roles)
        yield Demand(situation.role in plain.roles, need, part("fact.role", role=situation.role))
    if when.licensed is not None:
        need = part("need.licence" if when.licensed else "need.no_licence")
        fact = part("fact.licence" if situation.licensed else "fact.no_licence")
        yield Demand(situation.licensed == when.licensed, need, fact)
    if when.account_types is not None and plain.account_types is not None:
        need = part("need.account_type", account_types=when.account_types)
        fact = part("fact.account_type", account_type=situation.account_type)
        yield Demand(situation.account_type in plain.account_types, need, fact)
    if when.paid is not None:
        need = part("need.paid" if when.paid else "need.not_paid")
        fact = part("fact.paid" if situation.paid else "fact.not_paid")
        yield Demand(situation.paid == when.paid, need, fact)
    for name, values in when.fields.items():
        value = situation.fields.get(name)
        need = part("need.field", field=name, values=values)
        fact = part("fact.no_field", field=name) if value is None else part("fact.field", field=name, value=value)
        yield Demand(value in values, need, fact)
    yield from _where(when, situation)


def _where(when: Condition, situation: Situation) -> Iterator[Demand]:
    if when.channels is not None:
        need = part("need.channel", channels=when.channels)
        yield Demand(situation.channel in when.channels, need, part("fact.channel", channel=situation.channel))
    if when.languages is not None:
        met = any(each.lower() in language_ranges(situation.language) for each in when.languages)
        said = situation.language
        fact = part("fact.no_language") if said is None else part("fact.language", language=said)
        yield Demand(met, part("need.language", languages=when.languages), fact)
    if when.countries is not None:
        country = situation.country
        fact = part("fact.no_country") if country is None else part("fact.country", country=country)
        yield Demand(country in when.countries, part("need.country", countries=when.countries), fact)


def what_holds(edition: Edition, when: Condition, situation: Situation) -> tuple[Reason, ...]:
    """What is the case for each part of `when`, which `situation` meets."""
    return tuple(demand.fact for demand in demands(edition, when, situation))


def lacking(edition: Edition, when: Condition, situation: Situation) -> list[Demand]:
    """The parts of `when` that `situation` does not meet."""
    return [demand for demand in demands(edition, when, situation) if not demand.met]


def what_lacks(alternatives: Sequence[Sequence[Demand]]) -> Facts:
    """The first lack of each of the alternatives that lack least: what is needed, and what is the case."""
    least = min(map(len, alternatives))
    needs: list[Reason] = []
    facts: list[Reason] = []
    for lacks in alternatives:
        if len(lacks) == least:
            first = lacks[0]
            needs += () if first.need in needs else (first.need,)
            facts += () if first.fact in facts else (first.fact,)
    return {"needs": tuple(needs), "facts": tuple(facts)}
