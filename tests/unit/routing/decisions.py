"""Who asks for support, and what a decision says, for tests of decisions."""

from datetime import timedelta
from typing import Any

from shared.contracts.structs import Account, Decision
from shared.contracts.vocabulary import CoverageStatus
from shared.messages.catalogues import messages_in
from shared.policy.model import Edition
from shared.routing.entitlement import Entitlement, anonymous, covered, not_covered, terms_of
from shared.routing.rendering import in_words_of
from shared.routing.rulebook import Rulebook
from tests.harness.asking import MONDAY_NOON, account, requester
from tests.harness.shipped import shipped_edition

NOT_COVERED: tuple[CoverageStatus, ...] = (
    *("unknown_account", "withdrawn", "no_account", "anonymous"),
    *("plan_not_in_edition", "not_yet_valid", "expired"),
)
EDITION = shipped_edition("guidelines-2021")  # both editions have the same words and names
SENTENCES = in_words_of(messages_in("en"), EDITION)
LATER = MONDAY_NOON + timedelta(days=1)

UNCOVERED: dict[CoverageStatus, dict[str, Any]] = {
    "plan_not_in_edition": {"plan": "platinum"},
    "not_yet_valid": {"valid_from": LATER},
    "expired": {"valid_until": MONDAY_NOON},
}


def entitlement(role: str = "admin", licensed: bool = True, **given: Any) -> Entitlement:
    """A known account, that of `account` unless `given` says otherwise."""
    return held_by(account(**given), role, licensed)


def held_by(of: Account, role: str = "admin", licensed: bool = True) -> Entitlement:
    """What that account gives to somebody, by the producer's word, on Monday noon."""
    return covered(terms_of(of), requester(role, licensed), EDITION, MONDAY_NOON)


def nobody(standing: CoverageStatus) -> Entitlement:
    """A licensed owner, says the producer, of an account that covers nobody."""
    if standing == "anonymous":
        return anonymous(EDITION)
    if standing in ("unknown_account", "withdrawn", "no_account"):
        return not_covered(standing, requester("owner", True), EDITION)
    return entitlement("owner", **UNCOVERED[standing])


def because(decision: Decision, rule: str) -> str:
    """Why that rule of the trace answered as it did, in English."""
    return next(SENTENCES(step.reason, **step.facts) for step in decision.trace if step.rule == rule)


def with_(edition: Edition, **changes: Any) -> Rulebook:
    """The rules of `edition` with these sections instead."""
    return Rulebook(Edition.model_validate(edition.model_dump() | changes))
