"""Which calendar counts for a decision, and which phone numbers and notes it has."""

from typing import Any

import pytest

from shared.contracts.structs import Decision
from shared.policy.model import PhoneDirectory
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import MONDAY_NOON, phone_ready, request
from tests.unit.routing.decisions import because, entitlement, with_


def phone_of(rules: Rulebook) -> PhoneDirectory:
    """The phone directory of an edition that has one."""
    assert rules.edition.phone is not None
    return rules.edition.phone


def notes(decision: Decision) -> list[str]:
    """The codes of the notes beside the phone numbers."""
    return [note.code for note in decision.notes]


def test_a_calendar_is_chosen_by_condition_before_the_country(guidelines: Rulebook) -> None:
    """Plan, language, channel, field: whatever the rule asks; the calendar that the entitlement names outranks it."""
    hours = guidelines.edition.regional_hours.model_dump()
    japanese_outage = {"languages": ["ja"], "fields": {"impact": ["down"]}}
    hours["rules"] = [{"id": "tokyo", "any_of": [japanese_outage], "calendar": "japan"}]
    rules = with_(guidelines.edition, regional_hours=hours)
    in_japanese = route(request(language="ja-JP"), entitlement(), rules, MONDAY_NOON)
    assert in_japanese.calendar == "japan"
    assert because(in_japanese, "calendar") == "japan, by rule tokyo"
    assert route(request(language="ja", impact="general"), entitlement(), rules, MONDAY_NOON).calendar == "spain"
    assert route(request(language="es"), entitlement(), rules, MONDAY_NOON).calendar == "spain"
    assert route(request(language="ja"), entitlement(calendar="france"), rules, MONDAY_NOON).calendar == "france"


@pytest.mark.parametrize(
    ("given", "of_request", "calendar"),
    [
        ({"calendar": "japan"}, "DE", "japan"),
        ({"calendar": "no-such"}, "DE", "spain"),
        ({}, "DE", "spain"),
        ({"country": None}, "DE", "germany"),
        ({"country": "PT"}, None, "region-western-europe"),
    ],
)
def test_the_entitlement_chooses_the_calendar(
    guidelines: Rulebook, given: dict[str, Any], of_request: str | None, calendar: str
) -> None:
    """Else a requester could move a deadline by claiming to be somewhere else."""
    decision = route(request(country=of_request), entitlement(**given), guidelines, MONDAY_NOON)
    assert decision.calendar == calendar


@pytest.mark.parametrize("given", [{"country": None}, {"country": "AQ"}])
def test_without_a_calendar_of_the_country_the_default_counts(guidelines: Rulebook, given: dict[str, Any]) -> None:
    """There is always a calendar, and the trace says how it came about."""
    decision = route(request(), entitlement(**given), guidelines, MONDAY_NOON)
    assert decision.calendar == guidelines.edition.regional_hours.default
    assert decision.calendar in because(decision, "calendar")


def test_every_country_of_the_directory_gets_its_own_numbers(guidelines: Rulebook) -> None:
    """All numbers of the country, in the vendor's order, and of no other."""
    for country, directory in phone_of(guidelines).countries.items():
        decision = route(request(country=country), entitlement(country=None), guidelines, MONDAY_NOON)
        assert [number.as_printed for number in decision.phone_numbers] == [n.as_printed for n in directory.numbers]
        assert {number.country for number in decision.phone_numbers} == {country}


def test_the_requesters_country_outranks_the_accounts_for_numbers(guidelines: Rulebook) -> None:
    """A traveller calls from where they are."""
    decision = route(request(country="FR"), entitlement(country="ES"), guidelines, MONDAY_NOON)
    assert {number.country for number in decision.phone_numbers} == {"FR"}


@pytest.mark.parametrize("country", [None, "PT"])
def test_a_country_without_numbers_gets_the_whole_directory_and_a_note(
    guidelines: Rulebook, country: str | None
) -> None:
    """Any number is better than none, if one knows that it is abroad."""
    decision = route(request(), entitlement(country=country), guidelines, MONDAY_NOON)
    assert {number.country for number in decision.phone_numbers} == set(phone_of(guidelines).countries)
    assert len(decision.phone_numbers) == 22
    assert {"note.whole_directory", "note.country_unknown"} & set(notes(decision))


def test_numbers_come_with_every_decision_that_opens_the_phone(guidelines: Rulebook) -> None:
    """Also when something else was asked for; where the phone is closed, a number would only mislead."""
    asked_by_ticket = route(request(channel="web_ticket"), entitlement(), guidelines, MONDAY_NOON)
    assert asked_by_ticket.phone_numbers
    assert notes(asked_by_ticket) == ["note.tariffs"]
    closed = route(request(), entitlement("member", False), guidelines, MONDAY_NOON)
    assert (closed.phone_numbers, set(notes(closed))) == ((), {"note.help"})


@pytest.mark.parametrize(
    ("ready", "reminded"),
    [
        (None, True),
        (phone_ready(meeting_id=False), True),
        (phone_ready(host_key=False), True),
        (phone_ready(), False),
    ],
)
def test_a_caller_without_meeting_id_and_host_key_is_reminded(
    guidelines: Rulebook, ready: object, reminded: bool
) -> None:
    """The desk will ask for both."""
    decision = route(request(phone=ready, language="es"), entitlement(), guidelines, MONDAY_NOON)
    assert ("note.have_at_hand" in notes(decision)) is reminded
    assert "note.tariffs" in notes(decision)
