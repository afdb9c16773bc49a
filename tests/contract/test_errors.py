"""Each package has one tree of exceptions: a caller catches its root, and no name means two things."""

import ast
import builtins
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# folder -> the root of its exceptions; what a task must stop for is part of Kafka's tree
ROOTS = {
    "shared/kafka": "KafkaFault",
    "shared/streams": "KafkaFault",
    "shared/embedded_kafka": "KafkaFailed",
    "shared/business_time": "CalendarError",
    "shared/policy": "PolicyFault",
    "shared/identity": "SignInError",
    "shared/sla": "SlaError",
    "shared/web": "Refusal",
    "services/intake": "Refusal",
    "services/replay": "ReplayError",
    "services/cli": "CommandFailed",
}
# Raised inside pydantic's validators, which take a ValueError only; what leaves the package is a FieldError.
IN_VALIDATORS = {"WrongValue"}


@cache
def classes() -> list[tuple[str, str, list[str], bool]]:
    """Every class of the product: its file, name, bases, and whether it has a docstring."""
    found = []
    for folder in ("services", "shared"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
                    name = path.relative_to(ROOT).as_posix()
                    found.append((name, node.name, bases, ast.get_docstring(node) is not None))
    return found


def _ancestors(name: str, folder: str) -> set[str]:
    """A class and what it derives from; of several with one name, the one in its own folder is meant."""
    found = [(file, bases) for file, each, bases, _ in classes() if each == name]
    here = [each for each in found if each[0].startswith(f"{folder}/")] or found
    return {name}.union(*(_ancestors(base, file.rpartition("/")[0]) for file, bases in here for base in bases))


def _is_exception(name: str, file: str) -> bool:
    kinds = (getattr(builtins, each, None) for each in _ancestors(name, file.rpartition("/")[0]))
    return any(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds)


@cache
def exceptions() -> list[tuple[str, str, bool]]:
    """The exceptions among them: file, name, and whether it has a docstring."""
    return [(file, name, documented) for file, name, _, documented in classes() if _is_exception(name, file)]


def test_no_two_exceptions_have_one_name() -> None:
    """An `except` must not depend on which of two was imported."""
    twice = [name for name, number in Counter(name for _, name, _ in exceptions()).items() if number > 1]
    assert twice == []
    assert len(exceptions()) > 40, "the search finds what is there"


@pytest.mark.parametrize("folder", ROOTS)
def test_every_exception_of_a_package_has_its_root(folder: str) -> None:
    """Callers catch the root, not a list that the next exception is missing from."""
    inside = [name for file, name, _ in exceptions() if file.startswith(f"{folder}/")]
    assert inside
    assert {name for name in inside if ROOTS[folder] not in _ancestors(name, folder)} <= IN_VALIDATORS


def test_every_exception_says_what_it_means() -> None:
    """Its docstring is its message, or what the message adds to."""
    assert [name for _, name, documented in exceptions() if not documented and not name.startswith("_")] == []
