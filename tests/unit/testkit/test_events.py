"""The typed events of the kit are those of the published schemas."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import ValidationError

from frontline_testkit import events
from shared.contracts import schema_export
from shared.contracts.registry import TYPES
from tests.contract.event_json import DROP, full_tree, put

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """testkit/generate_events.py, which is in no package."""
    spec = importlib.util.spec_from_file_location("generate_events", ROOT / "testkit" / "generate_events.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_classes_are_up_to_date_with_the_schemas(
    generator: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also in `make check`, which says what to run."""
    assert generator.main(["--check"]) == 0
    stale = tmp_path / "events.py"
    stale.write_text(generator.EVENTS.read_text() + "\n")
    monkeypatch.setattr(generator, "EVENTS", stale)
    monkeypatch.setattr(generator, "ROOT", tmp_path)
    monkeypatch.setattr(generator, "render", lambda: "other")
    assert generator.main(["--check"]) == 1
    assert "make schemas" in capsys.readouterr().err


def test_two_meanings_of_one_name_are_refused(generator: ModuleType) -> None:
    """They would silently become one class."""
    part = {"$defs": {"Part": {"type": "object"}}, "type": "object"}
    other = {"$defs": {"Part": {"type": "string"}}, "type": "object"}
    with pytest.raises(generator.SchemaNotUnderstood, match="two definitions of Part"):
        generator.merged({"frontline.a.b.v1": part, "frontline.c.d.v1": other})


@pytest.mark.parametrize("ce_type", sorted(TYPES))
def test_a_class_takes_an_event_with_everything_and_refuses_one_without_a_required_field(ce_type: str) -> None:
    """And what it writes again is what it has read."""
    schema = schema_export.schema_of(ce_type, TYPES[ce_type])
    tree: dict[str, Any] = full_tree(TYPES[ce_type])
    if ce_type.startswith("frontline.activity."):
        tree["type"] = ce_type.split(".")[2]
    model = events.TYPES[ce_type]
    assert json.loads(model.model_validate_json(json.dumps(tree)).model_dump_json()) == tree
    assert "later" not in model.model_validate_json(json.dumps({**tree, "later": 1})).model_dump()
    for name in schema["required"]:
        with pytest.raises(ValidationError):
            model.model_validate_json(json.dumps(put(tree, (name,), DROP)))
