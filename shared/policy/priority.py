"""[pure] Finds the priority rule for a case."""

from shared.policy.condition import Remembered, Situation, wanted
from shared.policy.model import Edition, PriorityRule
from shared.policy.per_edition import PerEdition


def priority_rule(edition: Edition, situation: Situation) -> PriorityRule:
    """The first rule of `edition` that holds. The loader has checked that the last one always does.

    The router calls it to decide, and escalation to recompute targets after a re-prioritisation, by the edition pinned
    in the case.
    """
    return _rules.of(edition).of(situation)


def _remembered(edition: Edition) -> Remembered[PriorityRule]:
    rules = [(rule, [wanted(edition, when) for when in rule.any_of]) for rule in edition.priority_rules]

    def first(situation: Situation) -> PriorityRule:
        for rule, alternatives in rules:
            if any(when.met_by(situation) for when in alternatives):
                return rule
        raise AssertionError(f"edition {edition.edition} has no priority rule without a condition")

    return Remembered((when for rule in edition.priority_rules for when in rule.any_of), first)


_rules = PerEdition(_remembered)
