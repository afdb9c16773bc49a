"""What no case can be kept of, and no activity can mean: refused without Kafka, with its cause."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.intake.activity import RULES
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import ACTIVITY_TYPES
from shared.sla.errors import InputRefused
from shared.sla.input_checks import NOTHING, REQUIRED, check_activity, check_case
from tests.topology.escalation.desk import TaskDesk, at

SAMPLE: dict[str, Any] = {
    "to": "open",
    "fields": {"impact": "down"},
    "milestone": "restoration",
    "retracts": "a reply",
    "milestones": {"restoration": MilestoneTerms(target_seconds=60, hours="elapsed", promise="objective")},
    "plan": "premier",
    "accepted": False,
    "policy_sha256": "ab" * 32,
}
NO_HOURS = {"restoration": MilestoneTerms(target_seconds=60, promise="objective")}
ELAPSED_DAYS = {
    "restoration": MilestoneTerms(target_seconds=None, target_business_days=2, hours="elapsed", promise="objective")
}
NO_PROMISE = {"restoration": MilestoneTerms(target_seconds=60, hours="elapsed")}
DESK = TaskDesk()


def _refused(kind: str, now: datetime | None = None, **given: Any) -> tuple[str, str]:
    """The cause and the message of an activity's refusal; empty if it is taken."""
    try:
        check_activity(DESK.activity(kind, **given), now or DESK.driver.now)
    except InputRefused as refused:
        return refused.cause, str(refused)
    return "", ""


@pytest.mark.parametrize("kind", ACTIVITY_TYPES)
def test_an_activity_needs_what_its_type_requires_and_no_more(kind: str) -> None:
    """`accepted: false` is an answer; a status without a name is none."""
    required = REQUIRED.get(kind, NOTHING)  # type: ignore[call-overload]  # a word of the vocabulary
    needed = {name: SAMPLE[name] for name in required.needs}
    for name in required.one_of:
        assert _refused(kind, **needed, **{name: SAMPLE[name]}) == ("", "")
    assert (_refused(kind, **needed) == ("", "")) is not bool(required.one_of)
    for name in required.needs:
        lacking = {other: value for other, value in needed.items() if other != name}
        assert _refused(kind, **lacking) == ("malformed_event", f"{name}: is required for {kind}")


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("status_changed", {"to": ""}, "to: is required for status_changed"),
        ("reprioritised", {"milestones": {}}, "fields: reprioritised needs fields or milestones"),
        ("entitlement_refreshed", {}, "plan: entitlement_refreshed needs plan or milestones"),
        ("reprioritised", {"milestones": NO_HOURS}, "milestones.restoration: a target needs hours and a promise"),
        ("reprioritised", {"milestones": NO_PROMISE}, "milestones.restoration: a target needs hours and a promise"),
        (
            "reprioritised",
            {"milestones": ELAPSED_DAYS},
            "milestones.restoration: business days count in business hours",
        ),
        ("closed", {"case_id": "c\x1b[2J"}, "case_id: must not have control or invisible characters"),
    ],
)
def test_a_refusal_names_the_field_and_what_it_needs(kind: str, given: dict[str, Any], message: str) -> None:
    """Whoever finds the dead letter mends the record by it; a case id that steers a terminal is not repeated."""
    assert _refused(kind, **given) == ("malformed_event", message)


@pytest.mark.parametrize(
    ("happened", "recorded", "taken"),
    [
        (5, 5, True),  # a receipt by a clock that is ahead
        (23 * 60, 23 * 60, True),
        (25 * 60, 25 * 60, False),  # no clock is a day ahead
        (4, 6, True),  # a client's own instant, within the skew of two clocks
        (6, 7, False),
        (2, 1, False),  # after its own receipt
        (-60, -30, True),
    ],
)
def test_what_a_client_dates_into_the_future_is_refused_and_a_receipt_is_believed(
    happened: float, recorded: float, taken: bool
) -> None:
    """Minutes from now. A clock of ours that is wrong must not lose what was acknowledged."""
    now = at(0)
    given = {name: now + timedelta(minutes=offset) for name, offset in (("at", happened), ("recorded_at", recorded))}
    assert _refused("agent_replied", now, **given)[0] == ("" if taken else "bad_activity_time")


def test_a_case_that_no_clock_can_be_kept_for_is_refused() -> None:
    """By the same checks: its id, its instants."""
    case = DESK.case()
    check_case(case)
    for wrong in (
        replace(case, case_id="c\n"),
        replace(case, received_at=case.received_at.replace(year=1)),
        replace(case, observed_at=case.observed_at.replace(year=9999)),
    ):
        with pytest.raises(InputRefused) as refused:
            check_case(wrong)
        assert refused.value.cause == "malformed_event"


def test_intake_requires_at_least_what_escalation_does() -> None:
    """What intake has acknowledged must not become a dead letter for want of a field."""
    for kind, rule in RULES.items():
        required = REQUIRED.get(kind, NOTHING)
        assert set(required.needs) <= set(rule.needs)
        assert required.one_of == rule.one_of
