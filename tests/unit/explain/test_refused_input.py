"""What escalation has refused does not count in an explanation, also once its dead letters are deleted."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import MilestoneTerms
from shared.contracts.topics import ACTIVITY, CASES, Topic
from shared.contracts.vocabulary import INTAKE_SOURCE
from shared.explain.case_log import CaseLog
from shared.kafka import serde
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Record
from shared.kafka.serde import Envelope
from tests.topology.escalation.desk import CASE, TaskDesk, as_record, at, minutes
from tests.unit.explain.explained_case import ExplainedCase

NO_HOURS = {"restoration": MilestoneTerms(target_seconds=60, promise="objective")}
TOO_LONG = {"first_response": MilestoneTerms(target_seconds=10**11, hours="business", promise="objective")}
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "after its receipt": ("bad_activity_time", {"kind": "agent_replied", "at": at(9)}),
    "days ahead": ("bad_activity_time", {"kind": "agent_replied", "at": at(60), "recorded_at": at(60)}),
    "before the case": ("bad_activity_time", {"kind": "agent_replied", "at": at(-1)}),
    "no instant of a calendar": ("malformed_event", {"kind": "resolved", "recorded_at": at(0).replace(year=9999)}),
    "no status": ("malformed_event", {"kind": "status_changed"}),
    "nothing new": ("malformed_event", {"kind": "reprioritised"}),
    "no plan": ("malformed_event", {"kind": "entitlement_refreshed"}),
    "no answer": ("malformed_event", {"kind": "escalation_reviewed"}),
    "no digest": ("malformed_event", {"kind": "policy_migrated", "edition": "x"}),
    "terms without hours": ("malformed_event", {"kind": "reprioritised", "milestones": NO_HOURS}),
    "an endless target": ("uncountable_target", {"kind": "reprioritised", "milestones": TOO_LONG}),
    "nothing to review": ("no_escalation_requested", {"kind": "escalation_reviewed", "accepted": True}),
    "an unknown edition": ("unknown_edition", {"kind": "policy_migrated", "edition": "x", "policy_sha256": "ab" * 32}),
}


def _case() -> ExplainedCase:
    """Opened at noon, half an hour ago; its history has begun."""
    case = ExplainedCase()
    case.record_activity("customer_replied", activity_id="first")
    case.passes(minutes(30))
    return case


def _record(topic: Topic, event: Any, offset: int, key: str = CASE) -> Record:
    value, headers = as_record(topic, CASE, event)
    return Record(topic.name, 0, offset, round(at(0).timestamp() * 1000), key.encode(), value, headers)


def _without_dead_letters(case: ExplainedCase) -> dict[str, Any]:
    """The explanation, once retention has deleted them."""
    case.log.dead_letters.clear()
    found = case.explained()
    assert found.pop("dead_letters") == []
    return found


@pytest.mark.parametrize("name", REFUSED)
def test_an_explanation_without_dead_letters_is_the_same(name: str) -> None:
    """Dead letters are kept for 30 days, the activity for longer."""
    cause, activity = REFUSED[name]
    case = _case()
    case.record_activity(**activity, activity_id="refused")
    case.record_activity("status_changed", to="waiting_on_customer", activity_id="last")
    case.passes(minutes(10))
    found = case.explained()
    assert [letter["cause"] for letter in found.pop("dead_letters")] == [cause]
    assert [each["activity_id"] for each in found["history"] if "activity_id" in each] == ["first", "last"]
    assert _without_dead_letters(case) == found


def test_what_was_refused_and_is_sent_again_under_its_id_counts() -> None:
    """Escalation has not stored the first one, so the second is no repetition: a review after the request for it."""
    case = ExplainedCase(plan="premier_plus", impact="general")
    case.passes(timedelta(hours=24))
    case.record_activity("escalation_reviewed", accepted=True, activity_id="review")
    case.record_activity("escalation_requested", activity_id="request")
    case.record_activity("escalation_reviewed", accepted=True, activity_id="review")
    found = case.explained()
    assert [letter["cause"] for letter in found.pop("dead_letters")] == ["no_escalation_requested"]
    assert found["customer_escalation"]["now"]["reason"] == "already_accepted"
    assert _without_dead_letters(case) == found


@pytest.mark.parametrize("dead_letters_come_first", [False, True])
def test_a_decision_that_was_dead_lettered_is_not_the_decision_of_the_case(dead_letters_come_first: bool) -> None:
    """Topics are read in any order. The first that escalation takes opens the case; before, there is only this one."""
    desk = TaskDesk()
    refused, good, later = desk.case(calendar="atlantis"), desk.case(), desk.case(impact="general")
    case = ExplainedCase(desk, refused)
    assert (case.log.case, case.explained()["clocks"]) == (refused, None)
    case.decided_again(good)
    case.decided_again(later)
    assert [letter.cause for letter in case.log.dead_letters] == ["malformed_event", "duplicate_case"]
    if dead_letters_come_first:
        log = CaseLog(dead_letters=case.log.dead_letters)
        for offset, event in enumerate((refused, good, later)):
            log.take(_record(CASES, event, offset))
        case.log = log
    assert case.log.case == good
    assert case.explained()["clocks"]


def test_a_decision_that_no_clock_can_be_kept_for_is_not_the_decision_of_the_case() -> None:
    """Its dead letter need not be there: the check is that of escalation."""
    desk = TaskDesk()
    case = ExplainedCase(desk, msgspec.structs.replace(desk.case(), received_at=at(0).replace(year=1)))
    case.log.dead_letters.clear()
    assert case.log.case is None
    case.decided_again(desk.case())
    assert case.log.case is not None


def test_a_record_under_a_wrong_key_or_on_a_wrong_topic_is_not_of_the_case() -> None:
    """Escalation refuses both, so neither opens a case nor happens to one."""
    case = _case()
    for record in (
        _record(ACTIVITY, case.desk.activity("resolved"), 9, key="another"),
        _record(CASES, case.desk.activity("resolved"), 9),
        _record(ACTIVITY, case.desk.case(), 9),
    ):
        case.log.take(record)
    assert [activity.activity_id for _, activity in case.log.activity] == ["first"]
    assert len(case.log.cases) == 1


def test_a_receipt_of_intake_counts_also_where_a_test_has_advanced_its_clock_by_days() -> None:
    """Kafka dates the record by true time, and escalation has read it by the clock that intake had, too."""
    case, days_later = _case(), at(100)
    receipt = case.desk.activity("agent_replied", activity_id="receipt", at=days_later, recorded_at=days_later)
    envelope = Envelope("e2", INTAKE_SOURCE, type_of(receipt), days_later, CASE)
    output = serde.to_output(ACTIVITY, CASE, envelope, wire.encode(receipt))
    kafkas = round(at(0).timestamp() * 1000)
    case.log.take(Record(ACTIVITY.name, 0, 7, kafkas, output.key, output.value, output.headers))
    assert [activity.activity_id for _, activity in case.log.activity] == ["first", "receipt"]


def test_a_dead_letter_of_another_partition_refuses_nothing() -> None:
    """A stray copy of a decision can have the offset of the decision itself, on a partition of its own."""
    case = _case()
    (place, decided), stray = case.log.cases[0], _record(CASES, case.desk.case(), case.log.cases[0][0][1])
    stray = replace(stray, partition=place[0] + 1)
    letter = DeadLetter("wrong_partition", "of another partition", "escalation", case.desk.driver.now, stray)
    case.log.dead_letters.append(letter)
    case.decided_again(case.desk.case(impact="general"))
    assert case.log.case == decided
