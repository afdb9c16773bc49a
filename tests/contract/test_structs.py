"""Services handle events as structs, taken by name; the type checker knows exactly the fields that the structs have."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from shared.contracts import escalation, registry, structs, stub_export
from shared.contracts.base import Event
from shared.sla import effects

ROOT = Path(__file__).parents[2]
MODELS = re.compile(r"^from shared\.contracts\.(?:intake|router|escalation|terms) import ", re.MULTILINE)
# What reads and describes HTTP bodies and input lines: pydantic models, made of models.
READ_MODELS = {
    "services/intake/api.py",
    "services/intake/openapi.py",
    "services/cli/clocks.py",
    "services/cli/decide.py",
}


def test_services_take_structs_and_never_models() -> None:
    """`isinstance` with a model would always be false, and a model costs ten times as much."""
    files = [path for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix() for path in files if MODELS.search(path.read_text(encoding="utf-8"))}
    assert {name for name in found if not name.startswith("shared/contracts/")} == READ_MODELS


def test_services_derive_no_struct() -> None:
    """One module does, and exports them by name."""
    files = [path for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    derives = [path.name for path in files if re.search(r"\bwire\.struct\(", path.read_text(encoding="utf-8"))]
    assert sorted(derives) == ["registry.py", "structs.py"]


def test_the_stub_is_up_to_date() -> None:
    """Also in `make check`."""
    assert stub_export.STUB.read_text(encoding="utf-8") == stub_export.render()
    assert stub_export.EFFECTS.read_text(encoding="utf-8") == stub_export.render_effects()


@pytest.mark.parametrize("event", escalation.EVENTS, ids=lambda event: event.__name__)
def test_every_event_of_escalation_has_its_effect_with_the_fields_of_the_stub(event: type[Event]) -> None:
    """An effect has what the rules know: the event's fields, but for those that are added when it is published."""
    effect = vars(effects)[event.__name__]
    fields = set(effect.__struct_fields__)
    assert fields == set(event.model_fields) - escalation.ADDED_WHEN_PUBLISHED
    assert fields == _fields(event.__name__, stub_export.render_effects())
    assert fields >= {"at"}


def test_the_type_checker_refuses_an_effect_with_the_fields_of_another(tmp_path: Path) -> None:
    """Field names are no strings: what a rule forgets, misspells or adds is an error before anything runs."""
    source = tmp_path / "planted.py"
    source.write_text(
        "from shared.sla import effects\n"
        "from shared.sla.clock import ClockFacts\n"
        "def planted(facts: ClockFacts) -> None:\n"
        "    effects.ClockPaused(**facts, at=1, status='on_hold')\n"
        "    effects.ClockPaused(**facts, at=1)\n"
        "    effects.ClockPaused(**facts, at=1, because='on_hold')\n"
        "    effects.EscalationRequested(**facts, at=1)\n"
    )
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases", str(source)],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.findall(r"planted\.py:(\d+): error", checked.stdout) == ["5", "6", "7"], checked.stdout


@pytest.mark.parametrize("event", sorted(registry.TYPES))
def test_every_event_has_its_struct_with_the_fields_of_the_stub(event: str) -> None:
    """What the type checker believes is what there is when the service runs."""
    kind = registry.struct_for(event)
    assert kind is not None
    assert issubclass(kind, structs.Event)
    assert kind is getattr(structs, kind.__name__)
    assert _fields(kind.__name__, stub_export.render()) == set(kind.__struct_fields__)
    assert issubclass(kind, msgspec.Struct)


def _fields(name: str, stub: str) -> set[str]:
    """The fields of a class in the stub, those of its bases included."""
    classes = {node.name: node for node in ast.parse(stub).body if isinstance(node, ast.ClassDef)}
    if name not in classes:
        return set()
    own = {
        ast.unparse(field.target)
        for field in classes[name].body
        if isinstance(field, ast.AnnAssign) and "ClassVar" not in ast.unparse(field.annotation)
    }
    return own.union(*(_fields(ast.unparse(base), stub) for base in classes[name].bases))
