"""What editions remark beside their rules is read by people, so it can be translated."""

from collections.abc import Iterator

import pytest

from services.cli.policy import commands as policy
from shared.policy.digest import edition_from_json, edition_to_json
from shared.policy.model import Edition


def remarks(edition: Edition) -> Iterator[str]:
    """Every source and note of an edition."""
    rules = (
        *edition.plans.values(),
        *edition.access,
        *edition.assignments,
        *edition.priority_rules,
        *edition.targets,
        *edition.escalation_levels,
        *edition.account_types.values(),
        *edition.roles.values(),
        *edition.impossible_accounts,
        edition.customer_escalation,
    )
    for rule in rules:
        yield from (text for name in ("source", "note") if (text := getattr(rule, name, None)) is not None)
    yield from edition.notes
    for country in edition.phone.countries.values() if edition.phone is not None else ():
        yield from (number.unverified for number in country.numbers if number.unverified is not None)


def test_every_remark_of_the_shipped_editions_has_a_spanish_one(shipped: dict[str, Edition]) -> None:
    """`frontline explain --lang es` quotes them."""
    for edition in shipped.values():
        missing = [text for text in remarks(edition) if edition.remark(text, "es") == text]
        assert missing == [], edition.edition


def test_nothing_is_translated_that_nobody_remarks(shipped: dict[str, Edition]) -> None:
    """A remark that was reworded leaves its translation behind."""
    remarked = {text for edition in shipped.values() for text in remarks(edition)}
    translated = {text for edition in shipped.values() for text in edition.translations["es"]}
    assert translated - remarked == set()


def test_a_remark_that_nobody_translated_stays_as_it_is(guidelines: Edition) -> None:
    """Better in the language that it was written in than not at all."""
    assert guidelines.remark("Says who?", "es") == "Says who?"
    assert guidelines.remark(guidelines.notes[0], "en") == guidelines.notes[0]
    assert guidelines.remark(None, "es") is None


def test_an_edition_is_shown_with_its_remarks_in_the_language_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`frontline policy show` had them in English among Spanish tables."""
    monkeypatch.setenv("COLUMNS", "1000")
    policy.show("objectives-2024", lang="es")
    assert "Cada día; P1 se trabaja a todas horas" in " ".join(capsys.readouterr().out.split())


def test_an_edition_without_translations_keeps_its_digest(guidelines: Edition) -> None:
    """Cases pin editions that were saved before there were any."""
    before = guidelines.model_copy(update={"translations": {}})
    assert b"translations" not in edition_to_json(before)
    assert edition_from_json(edition_to_json(before)).translations == {}
