"""`frontline policy show` prints every text, number and rule of an edition."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.cli.policy import commands as policy
from shared.policy.digest import edition_from_json, edition_to_json, policy_sha256
from shared.policy.model import Edition
from tests.unit.policy.small_edition import changed


@pytest.mark.parametrize("language", ["es", "en"])
def test_show_has_every_text_number_and_rule_in_the_language_asked_for(
    language: Any, guidelines: Edition, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the policy is hidden from who wants to read it."""
    monkeypatch.setenv("COLUMNS", "1000")
    assert policy.show("guidelines-2021", lang=language) == 0
    out = capsys.readouterr().out
    phone = guidelines.phone
    assert phone is not None
    texts = [text for each in guidelines.priorities.values() for text in (each.definition, each.resources) if text]
    texts += [*guidelines.resources.values(), guidelines.title, phone.tariff_note, phone.have_at_hand]
    texts += [each.name for each in guidelines.channels.values() if each.name]
    for text in texts:
        assert text[language].casefold() in out.casefold()
    for country in phone.countries.values():
        assert country.name[language] in out
        for number in country.numbers:
            assert number.as_printed in out
            assert number.dial in out
    for calendar, config in guidelines.calendars.items():
        assert calendar in out
        assert config.timezone in out
    for rule in guidelines.priority_rules:
        assert rule.id in out
    assert policy_sha256(guidelines) in out


def test_show_has_the_hours_of_seasons_and_of_each_zone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A calendar of several zones showed no hours at all."""
    madrid = """{timezone: Europe/Madrid, hours: {mon: [["09:00", "18:00"]]}, holidays: ["2026-12-24", "2026-12-25"],
        seasons: [{from: "06-15", to: "09-15", hours: {mon: [["08:00", "15:00"]]}}]}"""
    mexico = """{timezone: America/Mexico_City, hours: {mon: [["10:00", "19:00"]]}, holidays: ["2026-12-25"]}"""
    file = tmp_path / "rules.yaml"
    file.write_text(f"edition: rules\nextends: guidelines-2021\ncalendars: {{sun: {{union: [{madrid}, {mexico}]}}}}\n")
    assert policy.show(str(file), lang="en") == 0
    lines = capsys.readouterr().out.splitlines()
    first = next(number for number, line in enumerate(lines) if line.split()[:1] == ["sun"])
    assert [line[30:56].strip() for line in lines[first : first + 6]] == [
        "Europe/Madrid:",
        "Mon 09:00–18:00",
        "06-15–09-15:",
        "Mon 08:00–15:00",
        "America/Mexico_City:",
        "Mon 10:00–19:00",
    ]


def test_show_json_is_the_resolved_edition(guidelines: Edition, capsys: pytest.CaptureFixture[str]) -> None:
    """As escalation keeps it, and its digest."""
    assert policy.show(as_json=True) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("policy_sha256") == policy_sha256(guidelines)
    again = edition_from_json(json.dumps(shown).encode())
    assert edition_to_json(again) == edition_to_json(guidelines)


def test_show_and_diff_end_with_2_for_an_edition_that_cannot_be_used(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is shown of a policy that contradicts itself."""
    assert policy.show("bad", policies=folder) == 2
    assert policy.diff("small", "nowhere", policies=folder) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "escalation_levels[0].share" in err
    assert "there is no edition 'nowhere'" in err


def test_every_kind_of_person_can_be_described(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Editions of operators may ask what ours do not: people without a licence, accounts that are not paid."""
    monkeypatch.setenv("COLUMNS", "1000")
    asks = "any_of: [{roles: [member], licensed: false, account_types: [free, pro], paid: false}]"
    (folder / "odd.yaml").write_text(changed("any_of: [{roles: [admin], licensed: true}]", asks))
    assert policy.show(str(folder / "odd.yaml"), lang="en") == 0
    shown = "tier 1: unlicensed member, an account of type free or Pro, an account that is not paid"
    assert shown in capsys.readouterr().out
