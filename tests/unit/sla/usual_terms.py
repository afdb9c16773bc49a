"""Terms that pause a clock as usual, and the old and new verdict of a restated clock."""

from msgspec.structs import replace

from shared.contracts.structs import MilestoneTerms
from shared.sla.effects import ClockRestated
from tests.harness.desk import terms

WAITING = "waiting_on_customer"
USUAL = [WAITING, "resolved"]


def business_days(number: int) -> MilestoneTerms:
    """A target of so many business days."""
    return replace(terms(None), reason=None, hours="business", target_business_days=number, paused_by=tuple(USUAL))


def restated(published: object) -> tuple[str, str, str]:
    """The old verdict, the new one and the cause of a `ClockRestated`."""
    assert isinstance(published, ClockRestated)
    return published.old, published.new, published.cause
