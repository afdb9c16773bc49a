"""The published JSON Schemas are those of the models, and each version may follow the released one."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsoncompat
import pytest
from pydantic import ValidationError

from shared.contracts import schema_export
from shared.contracts.base import Event
from shared.contracts.intake import EntitlementSet
from shared.contracts.registry import MODELS, TYPES
from shared.contracts.vocabulary import WORD_PATTERN
from tests.contract.compatibility import complaints, inlined
from tests.contract.event_json import DROP, INSTANT, Json, at, full_tree, paths, put

EVERY_TYPE = sorted(TYPES)
SPOILT: list[Json] = [DROP, None, True, -1, 7, 1.5, 2**53, "", "ES", "x" * 201, [], {}, [None], {"x": 1}]
CASE_ROUTED = schema_export.schema_of("frontline.case.routed.v1", TYPES["frontline.case.routed.v1"])


def test_the_files_are_up_to_date() -> None:
    """`make schemas` writes them; what consumers download is what the services read and write."""
    assert schema_export.differences() == []


@pytest.mark.parametrize("ce_type", EVERY_TYPE)
def test_a_schema_may_follow_the_released_one(ce_type: str) -> None:
    """Topics keep events for weeks, and services are updated one by one. A change that must break gets a type ….v2."""
    released = schema_export.RELEASED / f"{ce_type}.json"
    if released.exists():
        assert complaints(json.loads(released.read_text()), schema_export.schema_of(ce_type, TYPES[ce_type])) == []


def test_a_released_type_does_not_disappear() -> None:
    """Its events are still on the topics."""
    assert {path.stem for path in schema_export.RELEASED.glob("*.json")} <= TYPES.keys()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_schema_takes_what_the_model_takes(model: type[Event]) -> None:
    """Who validates against the published schema meets no surprise. It cannot say one thing: an instant's `format` is
    a remark in JSON Schema, so a text that is no instant passes there and is refused by the model."""
    ce_type = next(name for name, described in TYPES.items() if described is model)
    schema = json.dumps(inlined(schema_export.schema_of(ce_type, model)))
    whole = full_tree(model)
    spoilt = [(path, wrong, put(whole, path, wrong)) for path in paths(whole)[1:] for wrong in SPOILT]
    for path, wrong, tree in [((), whole, whole), *spoilt]:
        in_schema = jsoncompat.check_compat(json.dumps({"const": tree}), schema, "deserializer")
        if isinstance(wrong, str) and at(whole, path) == INSTANT:
            assert in_schema
        else:
            assert in_schema == _reads(model, tree), f"{path}: {wrong!r}"


@pytest.mark.parametrize("word", ["Gold", "x" * 40, "a.b-c_d", "1st", "två", "a b", "x" * 41, ""])
def test_a_word_has_its_form_in_the_schema_and_readers_check_its_length(word: str) -> None:
    """A word of another form is in no edition, so whoever looks it up refuses it; to check the form of each word would
    cost more than reading the rest of a case. Writers learn the form from the schema."""
    schema = inlined(schema_export.schema_of(EntitlementSet.TYPE, EntitlementSet))
    plan = schema["properties"]["account"]["properties"]["plan"]
    assert plan == {"maxLength": 40, "minLength": 1, "pattern": WORD_PATTERN, "type": "string"}
    formed = re.fullmatch(plan["pattern"], word) is not None
    assert formed == (word in ("Gold", "x" * 40, "a.b-c_d"))
    tree = put(full_tree(EntitlementSet), ("account", "plan"), word)
    assert _reads(EntitlementSet, tree) == (1 <= len(word) <= 40)


def _reads(model: type[Event], tree: Json) -> bool:
    try:
        model.model_validate_json(json.dumps(tree))
    except ValidationError:
        return False
    return True


def test_activity_types_can_be_told_by_their_schemas() -> None:
    """One model serves all; each schema admits its own type alone."""
    schema = schema_export.schema_of("frontline.activity.closed.v1", TYPES["frontline.activity.closed.v1"])
    assert schema["properties"]["type"] == {"const": "closed", "type": "string"}
    assert schema["$id"] == "urn:frontline:frontline.activity.closed.v1"


def change(**edits: Callable[[Any], Any]) -> dict[str, Any]:
    """CaseRouted's schema with `properties` and others edited."""
    schema: dict[str, Any] = json.loads(json.dumps(CASE_ROUTED))
    for name, edit in edits.items():
        schema[name] = edit(schema[name])
    return schema


def definition(name: str, **properties: Any) -> dict[str, Any]:
    """CaseRouted's schema with properties of one of its parts set."""
    schema = change()
    schema["$defs"][name]["properties"].update(properties)
    return schema


OPENED_BY = CASE_ROUTED["properties"]["opened_by"]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        pytest.param(change(), None, id="nothing changed"),
        pytest.param(
            change(properties=lambda p: {**p, "queue": {"type": "string", "default": ""}}),
            None,
            id="optional field added",
        ),
        pytest.param(
            definition("EntitlementUsed", wait_seconds={"anyOf": [{"type": "integer"}, {"type": "null"}]}),
            None,
            id="optional field added deep inside",
        ),
        pytest.param(change(description=lambda _: "Other words."), None, id="description reworded"),
        pytest.param(
            change(properties=lambda p: {n: v for n, v in p.items() if n != "channel_reason"}),
            None,
            id="optional field removed",
        ),
        pytest.param(
            change(
                properties=lambda p: {n: v for n, v in p.items() if n != "calendar"},
                required=lambda names: [name for name in names if name != "calendar"],
            ),
            "data.calendar: is gone, but released readers require it",
            id="required field removed",
        ),
        pytest.param(
            change(properties=lambda p: {**p, "queue": {"type": "string"}}, required=lambda names: [*names, "queue"]),
            "data.queue: is required, but events already written lack it",
            id="required field added",
        ),
        pytest.param(
            change(required=lambda names: [*names, "channel_reason"]),
            "data.channel_reason: is required now, but events already written may lack it",
            id="optional field made required",
        ),
        pytest.param(
            change(required=lambda names: [name for name in names if name != "calendar"]),
            "data.calendar: may be left out now, but released readers require it",
            id="required field made optional",
        ),
        pytest.param(
            change(properties=lambda p: {**p, "opened_by": {**OPENED_BY, "enum": OPENED_BY["enum"][:1]}}),
            "data.opened_by: new readers would refuse events already written",
            id="enum narrowed",
        ),
        pytest.param(
            change(properties=lambda p: {**p, "opened_by": {**OPENED_BY, "enum": [*OPENED_BY["enum"], "bot"]}}),
            "data.opened_by: readers of the released schema would refuse new events",
            id="enum widened",
        ),
        pytest.param(
            definition("MayEscalate", automated={"type": "string"}),
            "data.escalation.automated: new readers would refuse events already written and "
            "readers of the released schema would refuse new events",
            id="type changed deep inside",
        ),
        pytest.param(
            definition("PromisedMilestone", due_at={"type": "integer"}),
            "data.milestones: new readers would refuse events already written and "
            "readers of the released schema would refuse new events",
            id="type changed inside a dict",
        ),
        pytest.param(
            change(properties=lambda p: {**p, "calendar": {"anyOf": [{"type": "string"}, {"type": "null"}]}}),
            "data.calendar: readers of the released schema would refuse new events",
            id="field made nullable",
        ),
        pytest.param(
            change(properties=lambda p: {**p, "calendar": {"type": "string", "maxLength": 10}}),
            "data.calendar: new readers would refuse events already written",
            id="length limited",
        ),
        pytest.param(
            change(properties=lambda p: {**p, "received_at": {"type": "string"}}),
            "data.received_at: the format changed from date-time to None",
            id="format dropped",
        ),
        pytest.param(
            change(properties=lambda p: {**p, "policy_sha256": {"type": "string", "pattern": "^[0-9a-f]{40}$"}}),
            "data.policy_sha256: the pattern changed from ^[0-9a-f]{64}$ to ^[0-9a-f]{40}$",
            id="pattern changed",
        ),
    ],
)
def test_a_change_that_would_break_somebody_is_reported_with_its_field(
    changed: dict[str, Any], complaint: str | None
) -> None:
    """Planted changes: the check itself must work, in both directions, and let harmless changes pass."""
    assert complaints(CASE_ROUTED, changed) == ([complaint] if complaint else [])


def test_the_command_writes_checks_and_tidies_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, stale and left-over files are each named; writing puts all three right."""
    monkeypatch.setattr(schema_export, "SCHEMAS", tmp_path / "schemas")
    monkeypatch.setattr(schema_export, "RELEASED", tmp_path / "schemas" / "released")
    assert schema_export.main([]) == 0
    assert not schema_export.RELEASED.exists()
    folder = schema_export.SCHEMAS
    (folder / "frontline.case.routed.v1.json").write_text("{}")
    (folder / "frontline.clock.paused.v1.json").unlink()
    (folder / "frontline.case.forgotten.v1.json").write_text("{}")
    assert schema_export.differences(folder) == [
        "schemas/frontline.clock.paused.v1.json is missing",
        "schemas/frontline.case.routed.v1.json differs from its model",
        "schemas/frontline.case.forgotten.v1.json describes no event that exists",
    ]
    assert schema_export.main(["--release"]) == 0
    assert schema_export.differences(folder) == schema_export.differences(schema_export.RELEASED) == []
    assert f"{len(TYPES)} schemas" in capsys.readouterr().out


def test_the_check_fails_a_build_and_says_what_to_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make check` runs it."""
    assert schema_export.main(["--check"]) == 0
    monkeypatch.setattr(schema_export, "TYPES", {**TYPES, "frontline.case.new.v1": TYPES["frontline.case.routed.v1"]})
    assert schema_export.main(["--check"]) == 1
    assert capsys.readouterr().err == "schemas/frontline.case.new.v1.json is missing\nrun: make schemas\n"
