"""[pure] Which priority follows from what the customer says."""

from shared.contracts.vocabulary import Environment, Impact, Workaround
from shared.policy.model import Edition, PriorityRule


def priority_rule(edition: Edition, impact: Impact, workaround: Workaround, environment: Environment) -> PriorityRule:
    """The first rule of `edition` that matches. The loader has checked that one always does.

    Shared by the router, which decides, and by escalation, which recomputes targets after a re-prioritisation under
    the edition pinned in the case.
    """
    for rule in edition.priority_rules:
        for when in rule.any_of:
            if (
                (when.impacts is None or impact in when.impacts)
                and (when.workarounds is None or workaround in when.workarounds)
                and (when.environments is None or environment in when.environments)
            ):
                return rule
    raise AssertionError(f"edition {edition.edition} has no priority for {impact}/{workaround}/{environment}")
