"""`frontline policy`: what it prints where, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.cli.policy import commands as policy
from services.cli.policy.diff import Change, differences
from services.cli.policy.show import tables
from shared.contracts.vocabulary import ACCOUNT_TYPES, LANGUAGES
from shared.messages.catalogues import messages_in
from shared.policy.digest import edition_from_json, edition_to_json, policy_sha256
from shared.policy.files import POLICIES
from shared.policy.model import Edition
from tests.unit.policy.small_edition import SMALL, changed, edition

BAD = changed("resource: articles", "resource: article", changed("share: 0.5", "share: half"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a correct edition, `small`, and one with mistakes, `bad`."""
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "bad.yaml").write_text(BAD.replace("edition: small", "edition: bad"))
    return tmp_path


def test_check_prints_correct_editions_on_standard_output_and_mistakes_on_standard_error(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each mistake, with file and line; exit code 1. Without names, all editions of the folder."""
    assert policy.check(policies=folder) == 1
    out, err = capsys.readouterr()
    assert out == f"small: no mistakes, SHA-256 {policy_sha256(edition())}\n"
    lines = err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{folder / 'bad.yaml'}:6: channels.help_center.resource: 'article' is not among")
    assert ": escalation_levels[0].share: must be a number" in lines[1]


def test_check_ends_with_0_and_no_errors_if_all_editions_are_correct(
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


def test_check_has_the_same_result_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
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


def changes_of(old: str, new: str) -> list[Change]:
    """The differences when `old` becomes `new` in the small edition."""
    return differences(edition(), edition(changed(old, new)))


def section_of(changes: list[Change], section: str) -> list[tuple[Any, Any, Any]]:
    """Subject, before and after of each change of one section."""
    return [change[1:] for change in changes if change.section == section]


def anyone(plans: list[str], **traits: Any) -> dict[str, Any]:
    """People of these plans, of whom nothing else matters but `traits`."""
    return {"plans": plans, "account_types": None, "paid": None, "licensed": None, "roles": None, **traits}


def test_a_target_that_changes_is_listed_for_each_plan_and_priority() -> None:
    """Whose promise becomes longer is the question, not which line of a file moved."""
    hour = {"target_seconds": 3600, "hours": "elapsed", "promise": "objective", "paused_by": []}
    assert changes_of("target_seconds: 1h", "target_seconds: 90m") == [
        Change(
            "targets",
            {"plan": "premier", "priority": priority, "milestone": "first_response"},
            hour,
            {**hour, "target_seconds": 5400},
        )
        for priority in ("P1", "P2")
    ]


def test_a_priority_that_changes_is_listed_for_each_claim() -> None:
    """And the rule that did it."""
    changes = changes_of("{workarounds: [partial, full]}", "{workarounds: [full]}")
    found = section_of(changes, "priorities")
    assert len(found) == 5 * 4  # every impact but information, every environment
    assert {subject["workaround"] for subject, _, _ in found} == {"partial"}
    assert {(before, after) for _, before, after in found} == {("P2", "P1")}
    path = {"field": "priority_rules[p2].any_of[0].workarounds"}
    assert section_of(changes, "fields") == [(path, ["partial", "full"], ["full"])]


def test_access_that_changes_is_listed_with_the_people_whose_access_it_is() -> None:
    """In as few groups as possible, and with those who have the plan by inclusion."""
    changes = changes_of("any_of: [{roles: [admin], licensed: true}]", "any_of: [{roles: [admin]}]")
    people = anyone(["access", "premier", "premier_plus"], licensed=False, roles=["owner", "admin"])
    assert section_of(changes, "channels") == [
        ({"channel": channel, **people}, None, "tier1") for channel in ("chat", "web_ticket", "phone")
    ]


def test_rights_to_escalation_that_change_are_listed_with_their_holders() -> None:
    """Automated escalation, the technical account manager, and escalation on request."""
    changes = changes_of("any_of: [{plans: [premier]}]", "any_of: [{plans: [premier], account_types: [api]}]")
    losers = anyone(["premier"], account_types=[kind for kind in ACCOUNT_TYPES if kind != "api"])
    assert section_of(changes, "escalation") == [({"right": "customer_requested", **losers}, ["technical"], [])]
    changes = changes_of("automated_escalation: true", "automated_escalation: false")
    assert section_of(changes, "escalation") == [({"right": "automated", **anyone(["premier_plus"])}, True, False)]


def test_a_rule_that_moves_without_effect_changes_nothing_for_anybody() -> None:
    """It is a changed field and no more."""
    changes = changes_of(
        "any_of: [{roles: [admin], licensed: true}]", "any_of: [{roles: [admin, owner], licensed: true}]"
    )
    assert {change.section for change in changes} == {"fields"}


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("resources.articles.es", "Artículos", "Textos"),
        ("escalation_levels[warning 0].share", 0.5, 0.25),
        ("calendars.south.timezone", "Europe/Rome", "Europe/Lisbon"),
    ],
)
def test_every_other_field_is_listed_by_its_path(path: str, before: Any, after: Any) -> None:
    """Texts, numbers, calendars, levels."""
    old, new = (f"share: {value}" if isinstance(value, float) else value for value in (before, after))
    assert changes_of(old, new) == [Change("fields", {"field": path}, before, after)]


def test_nothing_differs_from_itself(guidelines: Edition) -> None:
    """An empty answer is an answer."""
    assert differences(guidelines, guidelines) == []


def test_diff_reports_that_only_the_order_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The digests differ, so 'no difference' would be puzzling."""
    line = "  bot: {name: {es: Bot, en: Bot}, staffed: false}\n"
    moved = changed(line, "").replace("  help_center: {name", f"{line}  help_center: {{name")
    (folder / "moved.yaml").write_text(moved)
    assert policy.diff("small", str(folder / "moved.yaml"), policies=folder) == 0
    assert "No difference but the order" in capsys.readouterr().out
    assert policy.diff("small", "small", policies=folder) == 0
    assert "No difference." in capsys.readouterr().out


def test_diff_of_the_shipped_editions_lists_promises_first(capsys: pytest.CaptureFixture[str]) -> None:
    """The commitments of Premier are what distinguishes the second edition."""
    assert policy.diff("guidelines-2021", "objectives-2024", as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert [found["before"]["edition"], found["after"]["edition"]] == ["guidelines-2021", "objectives-2024"]
    hour = {"target_seconds": 3600, "hours": "elapsed", "paused_by": []}
    assert {
        "section": "targets",
        "subject": {"plan": "premier", "priority": "P1", "milestone": "first_response"},
        "before": {**hour, "promise": "objective"},
        "after": {**hour, "promise": "commitment"},
    } in found["changes"]
    assert not any(change["section"] in ("channels", "priorities", "escalation") for change in found["changes"])


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "access P1 first_response: no target (no priority response) -> 4 h round the clock (objective)"),
        ("es", "access P1 first_response: sin plazo (sin respuesta prioritaria) -> 4 h a todas horas (objetivo)"),
        ("es", "access P1 periodic_update: sin plazo -> 24 h a todas horas (objetivo; en pausa en "
               "waiting_on_customer y resolved)"),
    ],
)  # fmt: skip
def test_diff_prints_promises_in_the_language_asked_for(
    language: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Words of the edition stay as the document has them; whoever edits it looks for those."""
    assert policy.diff("guidelines-2021", "objectives-2024", lang=language) == 0
    assert f"  {line}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "{workarounds: [partial, full]}",
            "{workarounds: [full]}",
            "impacto down, alternativa partial, entorno production: P2 -> P1",
        ),
        (
            "any_of: [{roles: [admin], licensed: true}]",
            "any_of: [{roles: [admin]}]",
            "chat: access, premier o premier_plus, sin licencia, owner o admin: cerrado -> tier1",
        ),
        (
            "any_of: [{plans: [premier]}]",
            "any_of: [{plans: [premier], account_types: [api], paid: true}]",
            "Escalada a petición: premier, api, cuenta que no es de pago, cualquier rol: technical -> no",
        ),
        (
            "automated_escalation: true",
            "automated_escalation: false",
            "Escalada automatizada: premier_plus, cualquier rol: sí -> no",
        ),
        ("  south: {", "  west: {timezone: Europe/Lisbon, hours: {}}\n  south: {",
         "calendars.west.timezone: (nada) -> Europe/Lisbon"),
    ],
)  # fmt: skip
def test_diff_prints_every_kind_of_change_in_spanish(
    old: str, new: str, line: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels, rights and answers, not only headings."""
    (folder / "new.yaml").write_text(changed(old, new))
    assert policy.diff("small", str(folder / "new.yaml"), lang="es", policies=folder) == 0
    assert f"  {line}\n" in capsys.readouterr().out


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
