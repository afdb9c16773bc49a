"""[pure] Reasons of a decision as data: a code and its facts. No sentence is made here (`shared/messages` has them).

Values of the vocabulary and names from the policy only: never an id, never a customer's text.
"""

from typing import NamedTuple

from shared.contracts.structs import Reason
from shared.contracts.vocabulary import CoverageStatus
from shared.routing.entitlement import Profile

Fact = str | int | Reason | tuple[str | Reason, ...]
Facts = dict[str, Fact]


class Why(NamedTuple):
    """Why a rule answers as it does."""

    code: str
    facts: Facts


def why(code: str, **facts: Fact) -> Why:
    """A reason with its facts."""
    return Why(code, facts)


def part(code: str, **facts: str | tuple[str, ...]) -> Reason:
    """A reason that is a fact of another one."""
    return Reason(code=code, facts=facts)


def person(profile: Profile) -> Reason:
    """Who asks."""
    return part("who.licensed" if profile.licensed else "who.unlicensed", role=profile.role)


def not_covered(standing: CoverageStatus) -> Reason:
    """Why no account covers this requester."""
    return part(f"not_covered.{standing}")
