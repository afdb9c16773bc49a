"""The JSON Schema of policy files: editors complete and underline by it."""

from pathlib import Path
from typing import Any

import pytest

from services.cli.policy import commands as policy
from shared.policy.document import Source, parse
from shared.policy.field_help import EDITION, FIELDS
from shared.policy.files import POLICIES
from shared.policy.schema import edition_schema
from tests.harness.json_schema import problems
from tests.unit.policy.small_edition import changed

SCHEMA = edition_schema()
FILES = sorted(POLICIES.rglob("*.yaml"))


def wrong(text: str) -> list[str]:
    """What an editor underlines in a policy file."""
    return list(problems(parse(Source("x.yaml", text)).data, SCHEMA, SCHEMA))


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(POLICIES)) for path in FILES])
def test_every_file_that_ships_fits_the_schema(path: Path) -> None:
    """An editor must not underline what is right."""
    assert wrong(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: {es: Pequeña, en: Small}", "title: Small"),
        ("target_seconds: 1h", "target_seconds: 22h 30m"),
        ("target_seconds: 1h", "target_seconds: 3600"),
        ("    target_seconds: 1h\n    hours: elapsed\n", "    target_business_days: 1\n    until: end_of_day\n"),
    ],
)
def test_each_way_to_write_a_text_or_a_length_fits(old: str, new: str) -> None:
    """A text by language or plain; seconds or a duration; business days."""
    assert wrong(changed(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("target_seconds: 1h", "target_seconds: 1 hour", ".targets[0].target_seconds"),
        ("title: {es: Pequeña, en: Small}", "title: [Small]", ".title"),
        ("promise: objective\n  - plans", "promise: maybe\n  - plans", ".targets[0].promise"),
        ("includes: access", "inclodes: access", ".plans.premier.inclodes"),
        ("  social: {name", "  social media: {name", ".channels.social media"),
        ("\ntargets:", "\ntarget:", ".target"),
        ("staffed: false, resource", "staffed: maybe, resource", ".channels.help_center.staffed"),
        ("statuses: {waiting_on_customer: waiting}", "statuses: {waiting_on_customer: later}", ".statuses"),
    ],
)
def test_a_misshapen_field_does_not_fit(old: str, new: str, place: str) -> None:
    """It is underlined while it is written; contradictions are for `frontline policy check`."""
    assert any(each.startswith(place) for each in wrong(changed(old, new))), wrong(changed(old, new))


def test_every_field_has_a_sentence_and_every_sentence_a_field() -> None:
    """Completion shows it; the sentence of a field that was renamed would be lost without a sound."""
    kinds: dict[str, Any] = SCHEMA["$defs"]
    for name, kind in kinds.items():
        assert kind["properties"].keys() == FIELDS[name].keys(), name
        assert kind["description"]
    assert SCHEMA["properties"].keys() - {"extends", "parts", "replace"} == EDITION.keys()
    assert kinds.keys() == FIELDS.keys()
    assert all(field["description"] for kind in (SCHEMA, *kinds.values()) for field in kind["properties"].values())


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
