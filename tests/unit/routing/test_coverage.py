"""Whom an entitlement covers, in which role, and when a person has to look."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.vocabulary import CoverageStatus
from shared.routing.entitlement import covered, terms_of
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import MONDAY_NOON, account, contact, request, requester
from tests.unit.routing.decisions import EDITION, NOT_COVERED, because, entitlement, held_by, nobody


@pytest.mark.parametrize("standing", NOT_COVERED)
@pytest.mark.parametrize("channel", ["phone", "chat", "web_ticket", "help_center"])
def test_who_is_not_covered_gets_self_service_with_the_reason(
    any_edition: Rulebook, standing: CoverageStatus, channel: str
) -> None:
    """Nothing is dropped and nothing is believed: a claimed licensed owner opens no desk without an account."""
    decision = route(request(channel=channel), nobody(standing), any_edition, MONDAY_NOON)
    assert decision.assigned_tier == "self_service"
    assert decision.entitlement.standing != "covered"
    assert decision.phone_numbers == ()
    rights = decision.escalation
    assert (rights.automated, rights.technical_account_manager, rights.customer_requested) == (False, False, False)
    assert {name for name, verdict in decision.channels.items() if not verdict.eligible} == {
        "chat",
        "web_ticket",
        "phone",
    }
    assert decision.channels["phone"].rule == "entitlement.known"
    assert (decision.milestones["first_response"].target_seconds, decision.priority) == (None, "P1")


@pytest.mark.parametrize("standing", NOT_COVERED)
def test_whoever_no_account_covers_has_the_terms_that_the_edition_names(standing: CoverageStatus) -> None:
    """An unknown account and an anonymous visitor must not come to differ by an edit of one of them."""
    found, least = nobody(standing), EDITION.not_covered
    assert (found.profile.plan, found.profile.account_type, found.profile.paid) == (
        least.plan,
        least.account_type,
        False,
    )
    assert (found.country, found.calendar) == (None, None)
    if standing == "anonymous":
        assert (found.profile.role, found.profile.licensed) == (least.role, False)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"plan": "platinum"}, "platinum"),
        ({"account_type": "ngo"}, "ngo"),
        ({"contacts": [contact(role="chief")]}, "chief"),
    ],
)
def test_an_account_with_a_word_that_the_edition_lacks_is_not_covered_and_somebody_looks(
    guidelines: Rulebook, given: dict[str, Any], word: str
) -> None:
    """The edition may be older than the plan: self-service at once, the word in the decision, and a person to look."""
    decision = route(request(), entitlement(**given), guidelines, MONDAY_NOON)
    used = decision.entitlement
    assert (used.standing, used.not_in_edition) == ("plan_not_in_edition", word)
    assert (decision.assigned_tier, decision.needs_triage) == ("self_service", True)


def test_an_entitlement_counts_from_its_first_instant_until_before_its_last(guidelines: Rulebook) -> None:
    """Half-open, at the instant of receipt."""
    until = MONDAY_NOON + timedelta(hours=1)
    terms = terms_of(account(valid_from=MONDAY_NOON, valid_until=until))
    tick = timedelta(microseconds=1)
    found = [
        covered(terms, requester(), guidelines.edition, at).profile.standing
        for at in (MONDAY_NOON - tick, MONDAY_NOON, until - tick, until)
    ]
    assert found == ["not_yet_valid", "covered", "covered", "expired"]


@pytest.mark.parametrize(
    ("standing", "looked_at"),
    [
        *(("unknown_account", True), ("withdrawn", True), ("plan_not_in_edition", True)),
        *(("not_yet_valid", True), ("expired", True), ("no_account", False), ("anonymous", False)),
    ],
)
def test_a_person_looks_where_an_account_was_named_that_does_not_cover(
    any_edition: Rulebook, standing: CoverageStatus, looked_at: bool
) -> None:
    """Someone believes to be a customer: either they or we are wrong. A visitor is nobody's mistake."""
    assert route(request(), nobody(standing), any_edition, MONDAY_NOON).needs_triage is looked_at


def test_nobody_has_to_look_at_an_unlicensed_requester(any_edition: Rulebook) -> None:
    """The account is known and the answer certain, however urgent the claim; impact is what the customer says."""
    decision = route(request(), entitlement("member", False), any_edition, MONDAY_NOON)
    assert (decision.assigned_tier, decision.needs_triage, decision.priority) == ("self_service", False, "P1")


def test_the_contact_list_outranks_the_claim(guidelines: Rulebook) -> None:
    """The account knows who its admins are; a producer only knows what it was told."""
    listed = held_by(account([contact("u1", "member", False)]), "owner")
    decision = route(request(), listed, guidelines, MONDAY_NOON)
    used = decision.entitlement
    assert (used.role, used.licensed, used.requester_from) == ("member", False, "contact_list")
    assert decision.assigned_tier == "self_service"
    assert because(decision, "requester.contact_list") == "the account's contact list says who asks: unlicensed member"


def test_a_contact_list_that_does_not_name_the_requester_changes_nothing(guidelines: Rulebook) -> None:
    """Lists are for the people who matter most, seldom for everyone."""
    other = held_by(account([contact("u2", "member", False)]))
    decision = route(request(), other, guidelines, MONDAY_NOON)
    assert (decision.assigned_tier, decision.entitlement.requester_from) == ("tier2", "producer_claim")
