"""The catalogues and the source agree: every code that is used exists, every code that exists is used."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from services.board import errors as board_errors
from services.intake import errors as intake_errors
from shared.messages.catalogues import FALLBACK, catalogue, languages
from shared.web import errors

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
PLACE = {"step": 2, "FieldError": 1}  # where a call has its code, if not first
REFUSALS = {
    kind.__name__
    for kind in (*vars(errors).values(), *vars(intake_errors).values(), *vars(board_errors).values())
    if isinstance(kind, type) and issubclass(kind, Exception)
}
MAKERS = {"messages", "words", "why", "part", "step", "FieldError", "WrongValue", "Reason"} | REFUSALS - {
    "ValidationError"
}


def placeholders(text: str) -> list[tuple[str, str | None]]:
    """The facts that a sentence shows; how it joins a list is the language's own affair."""
    return sorted({(name, None) for _, name, _, _ in Formatter().parse(text) if name is not None})


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_code_with_the_same_facts(language: str) -> None:
    """A sentence that lacks a fact hides something; one with a fact too many would show nothing there."""
    first, other = catalogue(FALLBACK).texts, catalogue(language).texts
    assert other.keys() == first.keys()
    assert {code: placeholders(text) for code, text in other.items()} == {
        code: placeholders(text) for code, text in first.items()
    }


@pytest.mark.parametrize("language", languages())
def test_every_language_counts_the_same_facts(language: str) -> None:
    """A number whose noun does not agree with it reads "1 calls"; no form may show a fact that the last one lacks."""
    first, other = catalogue(FALLBACK), catalogue(language)
    assert {code: plural.fact for code, plural in other.plurals.items()} == {
        code: plural.fact for code, plural in first.plurals.items()
    }
    for code, plural in other.plurals.items():
        for form in plural.forms:
            assert set(placeholders(form)) <= set(placeholders(other.texts[code])), code


def test_every_number_before_a_noun_has_plural_forms() -> None:
    """A word after {count}, {times} or {limit} is counted; units do not change, "como" is no noun."""
    counted = re.compile(r"\{(count|times|limit|number)\} (?!h$|min$|s$|como )[a-zà-ÿ]")
    for language in languages():
        found = catalogue(language)
        assert [code for code, text in found.texts.items() if counted.search(text) and code not in found.plurals] == []


def test_every_code_in_the_source_exists() -> None:
    """A code without a sentence would be shown to people as it is."""
    known = catalogue(FALLBACK).texts
    unknown = [
        (place, code)
        for place, code, whole in used()
        if not (code in known if whole else any(each.startswith(code) for each in known))
    ]
    assert unknown == []


def test_no_code_is_unused() -> None:
    """Translators would work for nobody. Names of the vocabulary are looked up by kind and word."""
    whole = {code for _, code, is_whole in all_literals() if is_whole}
    begun = tuple({code for _, code, is_whole in all_literals() if not is_whole and "." in code})
    unused = [
        code
        for code in catalogue(FALLBACK).texts
        if not code.startswith("name.") and code not in whole and not code.startswith(begun)
    ]
    assert unused == []


def used() -> Iterator[tuple[str, str, bool]]:
    """The codes that are given to what makes sentences and reasons: the place, the code or its beginning."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in MAKERS:
                codes = node.args[PLACE.get(_name(node.func), 0) :][:1]
                for argument in codes:
                    for literal in ast.walk(argument):
                        yield from _codes(path, literal)
    yield from in_templates()


def all_literals() -> Iterator[tuple[str, str, bool]]:
    """Every literal text of the source, and the beginning of every one that is put together."""
    for path, tree in trees():
        for node in ast.walk(tree):
            yield from _codes(path, node)
    yield from in_templates()


def in_templates() -> Iterator[tuple[str, str, bool]]:
    """The codes in the pages; one that ends with a dot is the beginning of a code that is put together."""
    for folder in ("services", "shared"):
        for path in sorted((ROOT / folder).rglob("templates/**/*.html")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                for code in re.findall(r"(?<!asset\()'([a-z_]+\.[a-z0-9_.]+)'", line):
                    yield f"{path.relative_to(ROOT)}:{number}", code, not code.endswith(".")


def trees() -> Iterator[tuple[str, ast.Module]]:
    """The product's modules."""
    for folder in ("services", "shared"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _codes(path: str, node: ast.AST) -> Iterator[tuple[str, str, bool]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
        yield f"{path}:{node.lineno}", node.value, True
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        begun = str(node.values[0].value)
        if re.fullmatch(r"[a-z_]+\.([a-z0-9_]+\.)*", begun):
            yield f"{path}:{node.lineno}", begun, False


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
