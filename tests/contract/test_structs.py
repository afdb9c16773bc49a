"""Services handle events as structs, taken by name; the type checker knows exactly the fields that the structs have."""

import ast
import re
from pathlib import Path

import msgspec
import pytest

from shared.contracts import registry, structs, stub_export

ROOT = Path(__file__).parents[2]
MODELS = re.compile(r"^from shared\.contracts\.(?:intake|router|escalation|terms) import ", re.MULTILINE)
# What reads and describes HTTP bodies and input lines: pydantic models, made of models.
READ_MODELS = {"services/intake/api.py", "services/intake/openapi.py", "services/cli/decide.py"}


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


@pytest.mark.parametrize("event", sorted(registry.TYPES))
def test_every_event_has_its_struct_with_the_fields_of_the_stub(event: str) -> None:
    """What the type checker believes is what there is when the service runs."""
    kind = registry.struct_for(event)
    assert kind is not None
    assert issubclass(kind, structs.Event)
    assert kind is getattr(structs, kind.__name__)
    assert _fields(kind.__name__) == set(kind.__struct_fields__)
    assert issubclass(kind, msgspec.Struct)


def _fields(name: str) -> set[str]:
    """The fields of a class in the stub, those of its bases included."""
    classes = {node.name: node for node in ast.parse(stub_export.render()).body if isinstance(node, ast.ClassDef)}
    if name not in classes:
        return set()
    own = {
        ast.unparse(field.target)
        for field in classes[name].body
        if isinstance(field, ast.AnnAssign) and "ClassVar" not in ast.unparse(field.annotation)
    }
    return own.union(*(_fields(ast.unparse(base)) for base in classes[name].bases))
