"""[pure] How urgent a request is, and why."""

from collections.abc import Iterator
from typing import NamedTuple

from shared.contracts.structs import Reason
from shared.policy.condition import Condition, Situation, wanted
from shared.policy.model import Edition
from shared.policy.priority import priority_rule
from shared.routing.demands import demands
from shared.routing.reasons import Why, part, why


class Urgency(NamedTuple):
    """A priority, the id of the rule that gave it, and why that rule applies."""

    priority: str
    rule: str
    why: Why


def priority_of(edition: Edition, situation: Situation) -> Urgency:
    """The first priority rule of `edition` that holds, explained by what made it hold."""
    rule = priority_rule(edition, situation)
    for when in rule.any_of:
        if when != Condition() and wanted(edition, when).met_by(situation):
            decisive = tuple(_decisive(edition, when, situation))
            return Urgency(rule.priority, rule.id, why("priority.claims", priority=rule.priority, claims=decisive))
    asked = {name for each in edition.priority_rules for when in each.any_of for name in when.fields}
    claims = tuple(
        part("claim.field", field=name, value=value) for name, value in situation.fields.items() if name in asked
    )
    if not claims:  # the rules ask for no field
        return Urgency(rule.priority, rule.id, why("priority.otherwise", priority=rule.priority))
    return Urgency(rule.priority, rule.id, why("priority.no_earlier", priority=rule.priority, claims=claims))


def _decisive(edition: Edition, when: Condition, situation: Situation) -> Iterator[Reason]:
    for name in when.fields:
        yield part("is.field", field=name, value=situation.fields[name])
    for demand in demands(edition, when.model_copy(update={"fields": {}}), situation):
        yield demand.fact
