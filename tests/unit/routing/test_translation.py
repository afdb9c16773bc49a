"""A published decision told in Spanish: every sentence of it, by the same rules; nothing but the language changes."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from shared.contracts import wire
from shared.contracts.structs import CaseRouted
from shared.contracts.vocabulary import (
    ACCOUNT_TYPES,
    CHANNELS,
    ENVIRONMENTS,
    IMPACTS,
    PLANS,
    REQUEST_TYPES,
    ROLES,
    WORKAROUNDS,
)
from shared.routing.calendar_choice import CalendarInputs, choose, read_back
from shared.routing.entitlement import ANONYMOUS, Entitlement, covered, not_covered, terms_of
from shared.routing.rulebook import Rulebook
from shared.routing.translation import TranslatedDecision, profile_of
from tests.harness.asking import MONDAY_NOON, account, contact, phone_ready, request, requester
from tests.harness.decided import decided


def case(rules: Rulebook, entitlement: Entitlement, **asked: Any) -> CaseRouted:
    """The case of a request by someone with `entitlement`."""
    return decided(request(**asked), entitlement, rules, MONDAY_NOON)


def cases(rules: Rulebook) -> Iterator[CaseRouted]:
    """Everybody on every channel; every claim; nobody in every way; every way to a calendar."""
    for plan, kind, role, licensed, paid in product(PLANS, ACCOUNT_TYPES, ROLES, (True, False), (True, False)):
        who = covered(terms_of(account(plan=plan, account_type=kind, paid=paid)), requester(role, licensed))
        for channel, asked in product(CHANNELS, REQUEST_TYPES):
            yield case(rules, who, channel=channel, request_type=asked)
    for impact, workaround, environment in product(IMPACTS, WORKAROUNDS, ENVIRONMENTS):
        who = covered(terms_of(account([contact()])), requester())
        yield case(rules, who, impact=impact, workaround=workaround, environment=environment)
    for nobody in (
        ANONYMOUS,
        *(not_covered(standing, requester("owner")) for standing in ("unknown_account", "withdrawn", "no_account")),
    ):
        for channel in CHANNELS:
            yield case(rules, nobody, channel=channel, account_id=None if nobody is ANONYMOUS else "acme")
    for of_account, named, claimed in product((None, "ES", "PT", "AQ"), (None, "japan", "no-such"), (None, "DE", "AQ")):
        yield case(rules, covered(terms_of(account(country=of_account, calendar=named)), requester()), country=claimed)


def sentences(said: CaseRouted) -> list[str]:
    """What a decision says in words, notes aside."""
    closed = [verdict.because for verdict in said.channels.values() if verdict.because]
    return [said.priority_because, *(step.because for step in said.trace), *closed]


def test_every_sentence_of_every_decision_can_be_told_in_spanish(any_edition: Rulebook) -> None:
    """None stays as it was published: the same rules are asked again, in the other language."""
    spanish = TranslatedDecision(any_edition.edition, "es")
    for one in cases(any_edition):
        told = spanish.told(one)
        left = [(was, now) for was, now in zip(sentences(one), sentences(told), strict=True) if was == now]
        assert left == []


def test_nothing_but_the_sentences_changes(guidelines: Rulebook) -> None:
    """Rules, outcomes and answers are those that were published."""
    one = case(guidelines, covered(terms_of(account(plan="access", account_type="pro")), requester()))
    told = TranslatedDecision(guidelines.edition, "es").told(one)
    assert [(step.rule, step.outcome) for step in told.trace] == [(step.rule, step.outcome) for step in one.trace]
    assert [(v.eligible, v.tier, v.rule, v.use_instead) for v in told.channels.values()] == [
        (v.eligible, v.tier, v.rule, v.use_instead) for v in one.channels.values()
    ]
    assert told.channels["phone"].because == (
        "con el plan Acceso, «Teléfono» exige una cuenta Business, Education, Enterprise o API; la cuenta es Pro"
    )
    assert (told.milestones, told.calendar, told.entitlement) == (one.milestones, one.calendar, one.entitlement)


def test_in_english_a_decision_is_told_as_it_was_published(any_edition: Rulebook) -> None:
    """To the byte, but for notes, which were written in the customer's language."""
    one = case(any_edition, covered(terms_of(account()), requester()), phone=phone_ready())
    assert wire.encode(TranslatedDecision(any_edition.edition, "en").told(one)) == wire.encode(one)


def test_a_sentence_that_the_rules_do_not_say_stays_as_it_was_published(guidelines: Rulebook) -> None:
    """Decided by an older version with other words: better in English than made up."""
    one = case(guidelines, covered(terms_of(account()), requester()))
    old = one.trace[0].__replace__ if hasattr(one.trace[0], "__replace__") else None
    del old
    changed = decided(
        request(),
        covered(terms_of(account()), requester()),
        guidelines,
        MONDAY_NOON,
        priority_because="P1, says Pythia",
    )
    told = TranslatedDecision(guidelines.edition, "es").told(changed)
    assert told.priority_because == "P1, says Pythia"
    assert told.trace[0].because == "la cuenta se conoce: plan Premier+, cuenta Enterprise, de pago"


@pytest.mark.parametrize(("asked_in", "told_in"), list(product(("es", "en"), repeat=2)))
@pytest.mark.parametrize("country", [None, "ES", "PT"])
def test_notes_are_told_in_the_language_asked_for(
    guidelines: Rulebook, asked_in: str, told_in: Any, country: str | None
) -> None:
    """They were written in the customer's language, which need not be that of who reads the explanation."""
    who = covered(terms_of(account(country=country)), requester())
    one, other = (case(guidelines, who, language=language) for language in (asked_in, told_in))
    assert TranslatedDecision(guidelines.edition, told_in).told(one).notes == other.notes


def test_who_was_not_covered_is_read_off_the_trace(guidelines: Rulebook) -> None:
    """The event does not say why an account did not cover; the sentence does."""
    for standing in ("unknown_account", "withdrawn", "no_account"):
        one = case(guidelines, not_covered(standing, requester()), account_id="acme")
        assert profile_of(one).standing == standing
    assert profile_of(case(guidelines, ANONYMOUS, account_id=None)).standing == "anonymous"


@pytest.mark.parametrize(
    ("where", "name", "rule"),
    [
        (CalendarInputs("japan", None, False), "japan", "entitlement.calendar"),
        (CalendarInputs(None, "ES", True), "spain", "regional_hours.countries.ES"),
        (CalendarInputs(None, "ES", False), "spain", "regional_hours.countries.ES"),
        (CalendarInputs("no-such", "PT", True), "region-western-europe", "regional_hours.regions.PT"),
        (CalendarInputs(None, "AQ", True), "international", "regional_hours.default"),
        (CalendarInputs("no; the entitlement names it", "AQ", False), "international", "regional_hours.default"),
        (CalendarInputs(None, None, False), "international", "regional_hours.default"),
    ],
)
def test_the_rule_that_chose_a_calendar_is_known_from_its_sentence(
    guidelines: Rulebook, where: CalendarInputs, name: str, rule: str
) -> None:
    """The event has the sentence alone; what it was made of is read back, and asked of the edition again."""
    chosen = choose(guidelines.edition, where)
    assert (chosen.name, chosen.rule) == (name, rule)
    assert read_back(chosen.because) == where


@pytest.mark.parametrize("text", ["", "spain", "spain, because I say so", "because the entitlement names it"])
def test_another_sentence_is_not_read_as_one_of_a_calendar(text: str) -> None:
    """Then no rule is claimed."""
    assert read_back(text) is None
