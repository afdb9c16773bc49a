"""`python -m shared.contracts.stub_export [--check]`: the fields of derived structs, for the type checker.

Structs are derived from the models at import, where no type checker sees them. This writes `structs.pyi` and
`shared/sla/effects.pyi`: the same classes with the same fields, taken from the source of the models. `--check` writes
nothing and exits 1 if a file is not up to date.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from shared.contracts.escalation import ADDED_WHEN_PUBLISHED

FOLDER = Path(__file__).parent
STUB = FOLDER / "structs.pyi"
EFFECTS = FOLDER.parent / "sla" / "effects.pyi"
MODULES = ("base", "terms", "intake", "router", "escalation")  # a class follows those that it builds on
HEAD = "# Made by `python -m shared.contracts.stub_export` from the models; `make schemas` brings it up to date.\n"


def render() -> str:
    """The text of `structs.pyi`."""
    imports = ["from datetime import datetime", "from typing import ClassVar"]
    return _stub([found for module in MODULES for found in _classes(module)], imports)


def render_effects() -> str:
    """The text of `effects.pyi`: instants are integers, and what is added when an event is published is left out."""
    return _stub(list(_classes("escalation", _Effect(), ADDED_WHEN_PUBLISHED | {"TYPE"})), [])


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    differing = 0
    for stub, wanted in ((STUB, render()), (EFFECTS, render_effects())):
        if stub.exists() and stub.read_text(encoding="utf-8") == wanted:
            continue
        if arguments == ["--check"]:
            print(f"{stub.name} differs from the models; run: make schemas", file=sys.stderr)
            differing = 1
        else:
            stub.write_text(wanted, encoding="utf-8")
    return differing


def _stub(classes: list[str], imports: list[str]) -> str:
    body = "\n".join(classes)
    words = sorted(name for name in _words() if _is_used(name, body))
    lines = [*imports, "from msgspec import Struct", f"from shared.contracts.vocabulary import {', '.join(words)}"]
    return HEAD + "\n".join(lines) + "\n\n" + body


def _classes(module: str, types: "_Plain | None" = None, left_out: frozenset[str] = frozenset()) -> Iterator[str]:
    """Each model of a module as a struct."""
    for node in ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [ast.unparse(base) for base in node.bases]
        bases = ["Struct" if base == "BaseModel" or (left_out and base == "Event") else base for base in bases]
        lines = [f"class {node.name}({', '.join(bases)}, frozen=True, kw_only=True):"]
        declared = [field for field in node.body if isinstance(field, ast.AnnAssign)]
        fields = [_field(field, types or _Plain()) for field in declared if ast.unparse(field.target) not in left_out]
        yield "\n".join([*lines, *(f"    {field}" for field in fields or ["pass"])]) + "\n"


def _field(field: ast.AnnAssign, types: "_Plain") -> str:
    annotation = types.visit(field.annotation)
    default = "" if field.value is None or ast.unparse(annotation).startswith("ClassVar") else " = ..."
    return f"{ast.unparse(field.target)}: {ast.unparse(annotation)}{default}"


class _Plain(ast.NodeTransformer):
    """Constrained types as what they hold."""

    HOLDS = {  # noqa: RUF012 - never changed
        "Instant": "datetime",
        "Identifier": "str",
        "CountryCode": "str",
        "Sha256": "str",
        "Count": "int",
        "BusinessDays": "int",
        "TargetSeconds": "int",
    }

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """A constrained type has a name of its own, or is spelt out as Annotated."""
        return ast.Name(self.HOLDS.get(node.id, node.id))

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """`Annotated[float, Field(...)]` holds a float."""
        if ast.unparse(node.value) == "Annotated" and isinstance(node.slice, ast.Tuple):
            node.slice.elts[0] = self.visit(node.slice.elts[0])
            return node.slice.elts[0]
        self.generic_visit(node)
        return node


class _Effect(_Plain):
    """As the rules of the clocks have them: an instant is a number of microseconds."""

    HOLDS = {**_Plain.HOLDS, "Instant": "int"}  # noqa: RUF012 - never changed


def _words() -> list[str]:
    """The names of the closed vocabularies."""
    tree = ast.parse((FOLDER / "vocabulary.py").read_text(encoding="utf-8"))
    return [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and not target.id.isupper()
    ]


def _is_used(name: str, text: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(ast.parse(text)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
