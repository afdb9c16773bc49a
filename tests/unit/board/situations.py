"""Cases of each kind that an edition can have: its people, its requests, and the channel and tier that they get."""

from collections.abc import Iterator
from itertools import product

from shared.policy.condition import Situation
from shared.policy.model import Edition
from shared.routing.access import verdicts


def situations_of(edition: Edition) -> Iterator[tuple[Situation, str]]:
    """A case for each plan, role, account type, and open staffed channel, with each value of a field and each language
    and country that a target asks for.
    """
    languages = {language for each in edition.targets for language in each.languages or ()}
    countries = {country for each in edition.targets for country in each.countries or ()}
    fields = {name: list(field.values) for name, field in edition.fields.items()}
    asked = {name for each in edition.targets for name in each.fields}
    combinations = product(*([*values] if name in asked else values[:1] for name, values in fields.items()))
    for chosen in combinations:
        people = product(edition.plans, edition.account_types, edition.roles, [True, False], [None, *languages])
        for (plan, kind, role, licensed, language), country in product(people, [None, *countries]):
            said = dict(zip(fields, chosen, strict=True))
            situation = Situation(
                plan, kind, role, licensed, True, next(iter(edition.channels)), language, country, said
            )
            for channel, verdict in verdicts(edition, "covered", situation).items():
                if verdict.tier is not None and edition.channels[channel].staffed:
                    yield situation._replace(channel=channel), verdict.tier
