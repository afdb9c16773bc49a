"""`frontline policy diff`: which promises, priorities, rights and fields differ, and how it prints them."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.cli.policy import commands as policy
from services.cli.policy.diff import Change, differences
from shared.policy.model import Edition
from tests.unit.policy.small_edition import changed, edition


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


@pytest.mark.parametrize(("language", "name"), [("en", "plan access: Access ->"), ("es", "plan access: Acceso ->")])
def test_words_that_one_edition_alone_has_are_named_in_the_language_of_the_output(
    language: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They were in the first language of their edition: Spanish names among English sentences."""
    loja = str(Path(__file__).parents[1] / "cli" / "data" / "loja.yaml")
    assert policy.diff("guidelines-2021", loja, lang=language) == 0
    assert name in capsys.readouterr().out
