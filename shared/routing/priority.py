"""[pure] How urgent a request is by what the customer says, and why."""

from typing import NamedTuple

from shared.contracts.vocabulary import Environment, Impact, Priority, Workaround
from shared.policy.model import Edition, PriorityCondition
from shared.policy.priority import priority_rule
from shared.routing.reasons import Why, part, why


class Urgency(NamedTuple):
    """A priority, the id of the rule that gave it, and why that rule applies."""

    priority: Priority
    rule: str
    why: Why


def priority_of(edition: Edition, impact: Impact, workaround: Workaround, environment: Environment) -> Urgency:
    """The first priority rule of `edition` that matches, explained by the words that made it match."""
    rule = priority_rule(edition, impact, workaround, environment)
    says = {"environment": environment, "impact": impact, "workaround": workaround}
    for when in rule.any_of:
        asked = _asked(when)
        if asked and all(says[word] in allowed for word, allowed in asked.items()):
            decisive = tuple(part(f"is.{word}", **{word: says[word]}) for word in asked)
            return Urgency(rule.priority, rule.id, why("priority.claims", priority=rule.priority, claims=decisive))
    claims = tuple(part(f"claim.{word}", **{word: value}) for word, value in says.items())
    return Urgency(rule.priority, rule.id, why("priority.no_earlier", priority=rule.priority, claims=claims))


def _asked(when: PriorityCondition) -> dict[str, tuple[str, ...]]:
    asked = {"environment": when.environments, "impact": when.impacts, "workaround": when.workarounds}
    return {word: allowed for word, allowed in asked.items() if allowed is not None}
