"""`frontline policy`: what it prints where, and how it ends."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from services.cli.policy import commands as policy
from services.cli.policy.check_view import Verdict, show
from services.cli.policy.diff import Change, differences
from shared.messages.catalogues import messages_in
from shared.policy.digest import edition_from_json, edition_to_json, policy_sha256
from shared.policy.files import POLICIES, check_edition
from shared.policy.mistakes import PolicyError
from shared.policy.model import Edition
from shared.policy.schema import edition_schema
from tests.unit.policy.small_edition import SMALL, changed, edition, line_of

BAD = changed("resource: articles", "resource: article", changed("share: 0.5", "share: half"))
WITHOUT_WARNINGS = changed(
    "includes: access\n    priority_response: true\n    automated_escalation: false",
    "includes: access\n    priority_response: true\n    automated_escalation: true",
)

LEVEL_1 = line_of("  - {kind: escalation, level: 1", SMALL)  # no plan that has targets has automated escalation

RESOURCE = line_of("resource: articles", SMALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a correct edition, `small`, and one with mistakes, `bad`."""
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "bad.yaml").write_text(BAD.replace("edition: small", "edition: bad"))
    return tmp_path


def test_check_prints_the_verdict_on_each_edition_and_then_each_mistake(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each mistake, with file and line; exit code 1. Without names, all editions of the folder."""
    assert policy.check(policies=folder) == 1
    out, err = capsys.readouterr()
    assert err == ""
    bad, small, blank, first, second, _ = out.splitlines()
    assert bad == "bad: 2 mistakes"
    assert small == f"small: no mistakes, 1 warning, SHA-256 {policy_sha256(edition())}"
    assert blank == ""
    assert first.startswith(f"{folder / 'bad.yaml'}:{RESOURCE}: channels.help_center.resource: 'article' is not among")
    assert ": escalation_levels[0].share: must be a number" in second


def test_check_ends_with_0_if_all_editions_are_correct(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts."""
    (folder / "small.yaml").write_text(WITHOUT_WARNINGS)
    assert policy.check("small", str(folder / "small.yaml"), policies=folder) == 0
    out, err = capsys.readouterr()
    digest = policy_sha256(edition(WITHOUT_WARNINGS))
    assert (out, err) == (f"small: no mistakes, SHA-256 {digest}\n" * 2, "")


def test_check_ends_with_2_for_what_does_not_exist(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name is bad input, not a bad policy; the others are checked all the same."""
    assert policy.check("smal", "bad", policies=folder) == 2
    out = capsys.readouterr().out
    assert out.startswith("smal: cannot be found or read\nbad: 2 mistakes\n")
    assert "there is no edition 'smal'" in out
    assert "did you mean small?" in out
    assert "escalation_levels[0].share" in out


def test_check_ends_with_2_for_a_folder_without_editions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was checked, which must not look like success."""
    (tmp_path / "part.yaml").write_text("resources: {}\n")
    assert policy.check(policies=tmp_path) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"{tmp_path} has no editions: an edition is a file NAME.yaml with a line that begins "
                          "with `edition:`\n")  # fmt: skip


def test_check_has_the_same_result_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake and each warning as an object."""
    assert policy.check(policies=folder, as_json=True, lang="es") == 1
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)
    assert found["editions"] == [{"edition": "small", "sha256": policy_sha256(edition())}]
    assert found["mistakes"][0] == {
        "file": str(folder / "bad.yaml"),
        "line": 11,
        "field": "channels.help_center.resource",
        "message": "'article' is not among the resources",
        "allowed": "articles (did you mean articles?)",
    }
    assert found["warnings"] == [
        {
            "file": str(folder / "small.yaml"),
            "line": LEVEL_1,
            "field": "escalation_levels[1]",
            "code": "policy.warning.no_plan_escalates",
            "facts": {},
            "message": "no avisa a nadie, ni tampoco los niveles posteriores: ningún plan con plazos tiene "
            "automated_escalation",
        }
    ]


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_a_warning_is_an_error_only_if_asked_for(
    strict: bool, code: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shipped editions pass --strict; whoever has none that they want to keep lets their checks insist on it."""
    assert policy.check("small", policies=folder, strict=strict) == code
    verdict, blank, warning = capsys.readouterr().out.splitlines()
    assert verdict.startswith("small: no mistakes, 1 warning, SHA-256 ")
    assert blank == ""
    assert warning.startswith(f"{folder / 'small.yaml'}:{LEVEL_1}: warning: escalation_levels[1]: calls nobody")


def test_the_shipped_editions_have_no_warnings() -> None:
    """They are the example that others follow."""
    assert policy.check(strict=True) == 0


def test_verdicts_and_warnings_are_in_the_language_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fields, words of the edition and mistakes are as in the file."""
    assert policy.check(policies=folder, lang="es") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "bad: 2 errores"
    assert lines[1].startswith("small: sin errores, 1 aviso, SHA-256 ")
    assert lines[-1].startswith(f"{folder / 'small.yaml'}:{LEVEL_1}: aviso: escalation_levels[1]: no avisa a nadie")


def test_an_edition_with_mistakes_has_the_warnings_about_its_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a list leaves out is often why the rest is wrong."""
    text = "edition: child\nextends: small\naccess:\n  - {id: new, plans: [access], channels: [chat], tier: tier1, "
    (folder / "child.yaml").write_text(text + "any_of: [{}], source: us}\n")
    assert policy.check("child", policies=folder) == 1
    out = capsys.readouterr().out
    assert "access: opens no self-service channel to everyone" in out
    assert "child.yaml:3: warning: access: replaces the list of small; no longer in it: all.self_service" in out


@pytest.mark.parametrize("width", [40, 80])
def test_on_a_terminal_no_word_is_cut(width: int, folder: Path) -> None:
    """A line that is too long goes on below, indented; a path or a digest that is longer than the line stays whole."""
    written = StringIO()
    console = Console(file=written, force_terminal=True, width=width, color_system="standard")
    show(_verdicts(folder), console, messages_in("en"), strict=False)
    plain = Text.from_ansi(written.getvalue()).plain
    piped = StringIO()
    show(_verdicts(folder), Console(file=piped, width=width), messages_in("en"), strict=False)
    assert "\x1b" in written.getvalue()
    assert "\x1b" not in piped.getvalue()
    assert plain.split() == piped.getvalue().split()
    assert all(len(line) <= width or len(line.split()) == 1 for line in plain.splitlines())
    findings = [line for line in piped.getvalue().splitlines() if line]
    assert len(findings) == 5  # two verdicts, two mistakes, one warning: one line each


def _verdicts(folder: Path) -> list[Verdict]:
    with pytest.raises(PolicyError) as refused:
        check_edition("bad", folder)
    good = check_edition("small", folder)
    return [
        Verdict("bad", None, refused.value.mistakes),
        Verdict("small", policy_sha256(good.edition), warnings=good.warnings),
    ]


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


# --- diff -------------------------------------------------------------------------------------------------------------


def changes_of(old: str, new: str) -> list[Change]:
    """The differences when `old` becomes `new` in the small edition."""
    return differences(edition(), edition(changed(old, new)))


def section_of(changes: list[Change], section: str) -> list[tuple[Any, Any, Any]]:
    """Subject, before and after of each change of one section."""
    return [change[1:] for change in changes if change.section == section]


def anyone(plans: list[str] | None, **traits: Any) -> dict[str, Any]:
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
    changes = changes_of("{workaround: [partial, full]}", "{workaround: [full]}")
    found = section_of(changes, "priorities")
    claims = {"impact": ["down", "general"], "workaround": ["partial"]}  # every impact but information
    assert found == [({"fields": claims}, "P2", "P1")]
    path = {"field": "priority_rules[p2].any_of[0].fields.workaround"}
    assert section_of(changes, "fields") == [(path, ["partial", "full"], ["full"])]


def test_access_that_changes_is_listed_with_the_people_whose_access_it_is() -> None:
    """In as few groups as possible, and with those who have the plan by inclusion."""
    changes = changes_of("any_of: [{roles: [admin], licensed: true}]", "any_of: [{roles: [admin]}]")
    people = anyone(None, licensed=False, roles=["owner", "admin"])
    assert section_of(changes, "channels") == [
        ({"channel": channel, **people}, None, "tier1") for channel in ("chat", "web_ticket", "phone")
    ]


def test_rights_to_escalation_that_change_are_listed_with_their_holders() -> None:
    """Automated escalation, the technical account manager, and escalation on request."""
    changes = changes_of("any_of: [{plans: [premier]}]", "any_of: [{plans: [premier], account_types: [pro]}]")
    losers = anyone(["premier"], account_types=["free", "business", "business_plus"])
    asked = {"right": "customer_requested", **losers, "fields": {"request_type": ["technical"]}}
    assert section_of(changes, "escalation") == [(asked, True, False)]
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
    hour = {"target_seconds": 3600, "hours": "elapsed", "paused_by": ["resolved"]}
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
        ("en", "access P1 first_response: no target (no priority response) -> 4 h round the clock (objective; "
               "paused by resolved)"),
        ("es", "access P1 first_response: sin plazo (sin respuesta prioritaria) -> 4 h a todas horas (objetivo; "
               "en pausa en resuelto)"),
        ("es", "access P1 periodic_update: sin plazo -> 24 h a todas horas (objetivo; en pausa en "
               "waiting_on_customer y resuelto)"),
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
            "{workaround: [partial, full]}",
            "{workaround: [full]}",
            "impact down o general, workaround partial: P2 -> P1",
        ),
        (
            "any_of: [{roles: [admin], licensed: true}]",
            "any_of: [{roles: [admin]}]",
            "chat: sin licencia, owner o admin: cerrado -> tier1",
        ),
        (
            "any_of: [{plans: [premier]}]",
            "any_of: [{plans: [premier], account_types: [pro], paid: true}]",
            "Escalada a petición: premier, pro, cuenta que no es de pago, request_type technical, cualquier rol: "
            "sí -> no",
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
    assert (bad.returncode, bad.stdout.splitlines()[0], bad.stderr) == (1, "bad: 2 mistakes", "")
    nonsense = subprocess.run([*run, "diff", "small"], capture_output=True, text=True)
    assert (nonsense.returncode, nonsense.stdout) == (2, "")


def test_the_schema_lets_an_edition_that_extends_another_leave_fields_out() -> None:
    """What is merged, by name or by id, needs no field but the id; items that replace those of the base need all."""
    parts = edition_schema()["$defs"]
    for merged in ("PlanPolicy", "ChannelPolicy", "CalendarConfig", "HolidaySet", "PhoneDirectory", "RegionalHours"):
        assert "required" not in parts[merged], merged
    for by_id in ("AccessRule", "PriorityRule"):
        assert parts[by_id]["required"] == ["id"]
    assert "required" not in parts["Target"]  # its id is optional, and one that has it may be merged
    assert parts["EscalationLevel"]["required"] == ["kind", "level", "called"]
    assert parts["Repeat"]["required"] == ["every_seconds", "times"]


def test_the_schema_for_editors_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """`frontline policy schema > policies/edition.schema.json` writes it again."""
    assert policy.schema() == 0
    assert capsys.readouterr().out == (POLICIES / "edition.schema.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(("language", "name"), [("en", "plan access: Access ->"), ("es", "plan access: Acceso ->")])
def test_words_that_one_edition_alone_has_are_named_in_the_language_of_the_output(
    language: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They were in the first language of their edition: Spanish names among English sentences."""
    loja = str(Path(__file__).parents[1] / "cli" / "data" / "loja.yaml")
    assert policy.diff("guidelines-2021", loja, lang=language) == 0
    assert name in capsys.readouterr().out
