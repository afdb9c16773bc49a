"""Escalation at the customer's request: who may ask, when, once at a time, and what a review makes of it."""

from dataclasses import dataclass, field

import pytest

from shared.business_time.instants import HOUR
from shared.contracts.vocabulary import RefusalReason, StatusKind
from shared.policy.model import CustomerEscalation
from shared.sla.customer_escalation import (
    NEVER_REQUESTED,
    EscalationRequestState,
    Right,
    request,
    review,
)
from shared.sla.effects import (
    CustomerEscalationEvent,
    EscalationAccepted,
    EscalationRefused,
    EscalationRejected,
    EscalationRequested,
)
from shared.sla.errors import InputRefused

RULES = CustomerEscalation(
    wait_after_submission_seconds=24 * 3600,
    wait_after_rejection_seconds=12 * 3600,
)
MAY = Right(may_ask=True, excluded=False)


def requested(by: str, at: int) -> EscalationRequested:
    """It waits for a review."""
    return EscalationRequested(escalation_id=by, at=at)


def refused(by: str, at: int, reason: RefusalReason, eligible_at: int | None) -> EscalationRefused:
    """It may not be asked for, or not yet."""
    return EscalationRefused(escalation_id=by, at=at, reason=reason, eligible_at=eligible_at)


def accepted(by: str, at: int) -> EscalationAccepted:
    """Once is enough."""
    return EscalationAccepted(escalation_id=by, at=at)


def rejected(by: str, at: int, eligible_at: int) -> EscalationRejected:
    """It may be asked for again from `eligible_at` on."""
    return EscalationRejected(escalation_id=by, at=at, eligible_at=eligible_at)


@dataclass
class Customer:
    """A case opened at hour 0, and what was asked about it."""

    right: Right = MAY
    asked: EscalationRequestState = NEVER_REQUESTED
    published: list[CustomerEscalationEvent] = field(default_factory=list)

    def asks(self, hour: float, *, status: StatusKind = "open") -> CustomerEscalationEvent:
        """The customer asks for an escalation."""
        at, by = round(hour * HOUR), f"a{len(self.published)}"
        self.asked, effect = request(self.asked, self.right, RULES, 0, at=at, by=by, status=status)
        self.published.append(effect)
        return effect

    def is_answered(self, hour: float, *, accepted: bool) -> CustomerEscalationEvent:
        """Somebody reviews it."""
        self.asked, effect = review(self.asked, RULES, at=round(hour * HOUR), accepted=accepted)
        self.published.append(effect)
        return effect


def test_a_day_after_the_submission_it_may_be_asked_for() -> None:
    """At the very instant at which the wait is over, too."""
    assert isinstance(Customer().asks(24), EscalationRequested)


def test_what_is_published_names_the_request_and_its_instant() -> None:
    """A review is matched to it, and so is what a customer sees."""
    assert Customer().asks(25) == requested("a0", 25 * HOUR)


def test_what_was_asked_and_answered_is_remembered_with_its_instant() -> None:
    """Whoever takes over the case later has to know what is open, and since when."""
    for accepted, stage in ((True, "accepted"), (False, "rejected")):
        customer = Customer()
        customer.asks(25)
        assert customer.asked == EscalationRequestState("requested", "a0", 25 * HOUR)
        customer.is_answered(27, accepted=accepted)
        assert customer.asked == EscalationRequestState(stage, "a0", 27 * HOUR)  # type: ignore[arg-type]  # one of the words


def test_a_refusal_changes_nothing_that_is_remembered() -> None:
    """Or an impatient customer would lose the request that waits for its review."""
    customer = Customer()
    customer.asks(25)
    customer.asks(26)
    assert customer.asked == EscalationRequestState("requested", "a0", 25 * HOUR)


def test_before_that_the_refusal_says_when() -> None:
    """Nobody has to try and try again."""
    assert Customer().asks(23.999) == refused("a0", round(23.999 * HOUR), "too_early", 24 * HOUR)


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        (Right(may_ask=False, excluded=False), "not_entitled"),
        (Right(may_ask=False, excluded=True), "request_type"),
    ],
)
def test_who_has_no_right_is_told_so_and_no_time_to_wait_for(right: Right, reason: str) -> None:
    """Waiting does not help."""
    assert Customer(right).asks(100) == refused("a0", 100 * HOUR, reason, None)  # type: ignore[arg-type]  # one of the words


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_a_case_that_is_not_open_is_not_escalated(status: StatusKind) -> None:
    """It is reopened first."""
    assert Customer().asks(30, status=status) == refused("a0", 30 * HOUR, "case_not_open", None)


def test_one_request_at_a_time() -> None:
    """A second one would be reviewed twice."""
    customer = Customer()
    customer.asks(24)
    assert customer.asks(25) == refused("a1", 25 * HOUR, "already_requested", None)
    assert customer.is_answered(26, accepted=True) == accepted("a0", 26 * HOUR)


def test_after_a_rejection_it_may_be_asked_again_but_not_at_once() -> None:
    """The rejection says when, and so does the refusal of an impatient one."""
    customer = Customer()
    customer.asks(24)
    assert customer.is_answered(30, accepted=False) == rejected("a0", 30 * HOUR, 42 * HOUR)
    assert customer.asks(41) == refused("a2", 41 * HOUR, "recently_rejected", 42 * HOUR)
    assert isinstance(customer.asks(42), EscalationRequested)


def test_of_two_waits_the_longer_one_is_told() -> None:
    """A request backdated before the first day had passed, and rejected at once: the submission's wait is longer."""
    customer = Customer(asked=EscalationRequestState("rejected", "a", 6 * HOUR))
    assert customer.asks(7) == refused("a0", 7 * HOUR, "too_early", 24 * HOUR)
    customer = Customer(asked=EscalationRequestState("rejected", "a", 12 * HOUR))
    assert customer.asks(13) == refused("a0", 13 * HOUR, "too_early", 24 * HOUR), "of two equal ones the first"
    customer = Customer(asked=EscalationRequestState("rejected", "a", 20 * HOUR))
    assert customer.asks(25) == refused("a0", 25 * HOUR, "recently_rejected", 32 * HOUR)


def test_what_was_accepted_need_not_be_asked_for_again() -> None:
    """It is being escalated."""
    customer = Customer()
    customer.asks(24)
    customer.is_answered(25, accepted=True)
    assert customer.asks(100) == refused("a2", 100 * HOUR, "already_accepted", None)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (NEVER_REQUESTED, "nobody has asked"),
        (EscalationRequestState("accepted", "a", HOUR), "accepted already"),
        (EscalationRequestState("rejected", "a", HOUR), "rejected already"),
    ],
)
def test_a_review_of_nothing_is_dead_lettered_and_says_why(asked: EscalationRequestState, says: str) -> None:
    """Whoever reviewed it should know that it did nothing."""
    with pytest.raises(InputRefused, match=says) as caught:
        review(asked, RULES, at=2 * HOUR, accepted=True)
    assert caught.value.cause == "no_escalation_requested"
