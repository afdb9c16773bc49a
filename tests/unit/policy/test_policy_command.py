"""`frontline policy`: what it prints where, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.cli.policy import commands as policy
from services.cli.policy.diff import differences
from services.cli.policy.show import tables
from shared.contracts.vocabulary import LANGUAGES
from shared.messages.catalogues import messages_in
from shared.policy.digest import edition_from_json, edition_to_json, policy_sha256
from shared.policy.files import POLICIES
from shared.policy.model import Edition
from tests.unit.policy.small_edition import SMALL, changed, edition

BAD = changed("resource: articles", "resource: article", changed("share: 0.5", "share: half"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good edition, `small`, and one bad one, `bad`."""
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "bad.yaml").write_text(BAD.replace("edition: small", "edition: bad"))
    return tmp_path


def test_check_says_good_on_standard_output_and_what_is_wrong_on_standard_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each mistake, with file and line; exit code 1. Without names, all editions of the folder."""
    assert policy.check(policies=folder) == 1
    out, err = capsys.readouterr()
    assert out == f"small: good, SHA-256 {policy_sha256(edition())}\n"
    lines = err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{folder / 'bad.yaml'}:6: channels.help_center.resource: 'article' is not among")
    assert ": escalation_levels[0].share: must be a number" in lines[1]


def test_check_is_silent_about_nothing_and_ends_with_0_if_all_is_good(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For scripts."""
    assert policy.check("small", str(folder / "small.yaml"), policies=folder) == 0
    assert capsys.readouterr().err == ""


def test_check_ends_with_2_for_what_does_not_exist(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name is bad input, not a bad policy; the others are checked all the same."""
    assert policy.check("smal", "bad", policies=folder) == 2
    err = capsys.readouterr().err
    assert "there is no edition 'smal'" in err
    assert "did you mean small?" in err
    assert "escalation_levels[0].share" in err


def test_check_tells_programs_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake as an object."""
    assert policy.check(policies=folder, as_json=True) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["editions"] == [{"edition": "small", "sha256": policy_sha256(edition())}]
    assert found["mistakes"][0] == {
        "file": str(folder / "bad.yaml"),
        "line": 6,
        "field": "channels.help_center.resource",
        "message": "'article' is not among the resources",
        "allowed": "articles (did you mean articles?)",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_show_has_every_text_number_and_rule_in_the_language_asked_for(
    language: Any, guidelines: Edition, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the policy is hidden from who wants to read it."""
    monkeypatch.setenv("COLUMNS", "1000")
    assert policy.show("guidelines-2021", lang=language) == 0
    out = capsys.readouterr().out
    texts = [text for each in guidelines.priorities.values() for text in (each.definition, each.resources)]
    texts += [*guidelines.resources.values(), guidelines.title, guidelines.phone.tariff_note]
    texts += [guidelines.phone.have_at_hand, *(each.name for each in guidelines.channels.values())]
    for text in texts:
        assert text[language] in out
    for country in guidelines.phone.countries.values():
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


def test_every_kind_of_person_can_be_described() -> None:
    """Editions of operators may ask what ours do not: people without a licence, accounts that are not paid."""
    asks = "any_of: [{roles: [member], licensed: false, account_types: [pro, api], paid: false}]"
    odd = edition(changed("any_of: [{roles: [admin], licensed: true}]", asks))
    shown = " ".join(str(cell) for piece in tables(odd, messages_in("en")) for cell in _cells(piece))
    assert "tier 1: unlicensed members of pro or api accounts account that is not paid" in shown


def _cells(piece: Any) -> list[Any]:
    return [cell for column in piece.columns for cell in column.cells] if hasattr(piece, "columns") else [piece]


# --- diff -------------------------------------------------------------------------------------------------------------


def said(old: str, new: str) -> dict[tuple[str, str], tuple[Any, Any]]:
    """What differs in the small edition when `old` becomes `new`."""
    changes = differences(edition(), edition(changed(old, new)))
    return {(change.section, change.subject): (change.before, change.after) for change in changes}


def test_a_target_that_changes_is_told_for_each_plan_and_priority() -> None:
    """Whose promise becomes longer is the question, not which line of a file moved."""
    assert said("target_seconds: 1h", "target_seconds: 90m") == {
        ("targets", "premier P1 first_response"): ("1h elapsed, objective", "1h 30m elapsed, objective"),
        ("targets", "premier P2 first_response"): ("1h elapsed, objective", "1h 30m elapsed, objective"),
    }


def test_a_priority_that_changes_is_told_for_each_claim() -> None:
    """And the rule that did it."""
    found = said("{workarounds: [partial, full]}", "{workarounds: [full]}")
    told = {subject: change for (section, subject), change in found.items() if section == "priorities"}
    assert len(told) == 5 * 4  # every impact but information, every environment
    assert set(told.values()) == {("P2", "P1")}
    assert found["fields", "priority_rules[p2].any_of[0].workarounds"] == (["partial", "full"], ["full"])


def test_access_that_changes_is_told_for_whom() -> None:
    """The people for whom the answer changes, taken together: also those who have the plan by inclusion."""
    found = said("any_of: [{roles: [admin], licensed: true}]", "any_of: [{roles: [admin]}]")
    told = {subject: change for (section, subject), change in found.items() if section == "channels"}
    people = "access or premier or premier_plus, unlicensed, owner or admin"
    assert told == {f"{channel}: {people}": ("closed", "tier1") for channel in ("chat", "web_ticket", "phone")}


def test_rights_to_escalation_that_change_are_told_for_whom() -> None:
    """Automated escalation, the technical account manager, and escalation on request."""
    found = said("any_of: [{plans: [premier]}]", "any_of: [{plans: [premier], account_types: [api]}]")
    told = {subject: change for (section, subject), change in found.items() if section == "escalation"}
    who = "premier, free or pro or business or business_plus or education or enterprise, any role"
    assert told == {f"customer_requested: {who}": ("technical", "no")}


def test_a_rule_that_moves_without_effect_changes_nothing_for_anybody() -> None:
    """It is a changed field and no more."""
    found = said("any_of: [{roles: [admin], licensed: true}]", "any_of: [{roles: [admin, owner], licensed: true}]")
    assert {section for section, _ in found} == {"fields"}


def test_every_other_field_is_told_by_its_path() -> None:
    """Texts, numbers, calendars, levels."""
    assert said("Artículos", "Textos") == {("fields", "resources.articles.es"): ("Artículos", "Textos")}
    assert said("share: 0.5", "share: 0.25") == {("fields", "escalation_levels[warning 0].share"): (0.5, 0.25)}
    assert said("Europe/Rome", "Europe/Lisbon") == {
        ("fields", "calendars.south.timezone"): ("Europe/Rome", "Europe/Lisbon")
    }


def test_nothing_differs_from_itself(guidelines: Edition) -> None:
    """An empty answer is an answer."""
    assert differences(guidelines, guidelines) == []


def test_diff_says_so_where_only_the_order_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The digests differ, so 'no difference' would be puzzling."""
    line = "  bot: {name: {es: Bot, en: Bot}, staffed: false}\n"
    moved = changed(line, "").replace("  help_center: {name", f"{line}  help_center: {{name")
    (folder / "moved.yaml").write_text(moved)
    assert policy.diff("small", str(folder / "moved.yaml"), policies=folder) == 0
    assert "No difference but the order" in capsys.readouterr().out
    assert policy.diff("small", "small", policies=folder) == 0
    assert "No difference." in capsys.readouterr().out


def test_diff_of_the_shipped_editions_tells_promises_first(capsys: pytest.CaptureFixture[str]) -> None:
    """The commitments of Premier are what distinguishes the second edition."""
    assert policy.diff("guidelines-2021", "objectives-2024", as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert [found["before"]["edition"], found["after"]["edition"]] == ["guidelines-2021", "objectives-2024"]
    assert {
        "section": "targets",
        "subject": "premier P1 first_response",
        "before": "1h elapsed, objective",
        "after": "1h elapsed, commitment",
    } in found["changes"]
    assert not any(change["section"] in ("channels", "priorities", "escalation") for change in found["changes"])
    assert policy.diff("guidelines-2021", "objectives-2024") == 0
    out = capsys.readouterr().out
    assert "  access P1 first_response: no target (no_priority_response) -> 4h elapsed, objective\n" in out


# --- the command as it is installed -----------------------------------------------------------------------------------


def test_the_command_passes_on_names_options_and_exit_codes(folder: Path) -> None:
    """Through `frontline` itself; the folder may also come from the environment."""
    run = [sys.executable, "-m", "services.cli", "policy"]
    good = subprocess.run([*run, "check", "small", "--policies", str(folder)], capture_output=True, text=True)
    assert (good.returncode, good.stderr) == (0, "")
    bad = subprocess.run(
        [*run, "check", "bad"], env={"FRONTLINE_POLICY_DIR": str(folder)}, capture_output=True, text=True
    )
    assert (bad.returncode, bad.stdout) == (1, "")
    nonsense = subprocess.run([*run, "diff", "small"], capture_output=True, text=True)
    assert (nonsense.returncode, nonsense.stdout) == (2, "")


def test_the_schema_for_editors_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """`frontline policy schema > policies/edition.schema.json` writes it again."""
    assert policy.schema() == 0
    assert capsys.readouterr().out == (POLICIES / "edition.schema.json").read_text(encoding="utf-8")
