"""[pure] Finds the priority rule for the customer's claim."""

from collections.abc import Iterator
from itertools import islice, product

from shared.contracts.vocabulary import ENVIRONMENTS, IMPACTS, WORKAROUNDS, Environment, Impact, Workaround
from shared.policy.model import Edition, PriorityCondition, PriorityRule
from shared.policy.per_edition import PerEdition

_Table = dict[tuple[Impact, Workaround, Environment], PriorityRule]


def priority_rule(edition: Edition, impact: Impact, workaround: Workaround, environment: Environment) -> PriorityRule:
    """The first rule of `edition` that matches. The loader has checked that one always does.

    The router calls it to decide, and escalation to recompute targets after a re-prioritisation, by the edition pinned
    in the case. Raises KeyError for a word that is newer than a saved edition, if no rule of it matches every claim.
    """
    return _tables.of(edition)[impact, workaround, environment]


def matches(when: PriorityCondition, impact: Impact, workaround: Workaround, environment: Environment) -> bool:
    """Whether the customer's claim matches every given field of the condition."""
    return (
        (when.impacts is None or impact in when.impacts)
        and (when.workarounds is None or workaround in when.workarounds)
        and (when.environments is None or environment in when.environments)
    )


def _table(edition: Edition) -> _Table:
    return {
        claim: rule
        for claim in product(IMPACTS, WORKAROUNDS, ENVIRONMENTS)
        for rule in islice(_matching(edition, claim), 1)
    }


def _matching(edition: Edition, claim: tuple[Impact, Workaround, Environment]) -> Iterator[PriorityRule]:
    return (rule for rule in edition.priority_rules if any(matches(when, *claim) for when in rule.any_of))


_tables = PerEdition(_table)
