"""JSON trees of events for property tests, made from the models' annotations; and ways to spoil them.

Written from the pydantic models alone: nothing here knows how `wire` derives a struct.
"""

import json
import types
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

Json = Any
Path = tuple[str | int, ...]

INSTANT = "2026-11-23T10:00:00Z"


@dataclass(frozen=True)
class Token:
    """Something written into the JSON text as it stands, be it JSON or not."""

    text: str


def instants() -> st.SearchStrategy[str]:
    """RFC 3339 instants: zones near and far, zero to nine digits of a second, and the edges of the calendar."""
    digits = st.one_of(st.just(""), st.integers(1, 9).flatmap(lambda n: st.from_regex(rf"\A\.[0-9]{{{n}}}\Z")))
    offsets = st.sampled_from(["Z", "z", "+00:00", "-00:00", "+02:00", "-03:30", "+14:00", "-12:00", "+23:59", "+0530"])
    days = st.one_of(
        st.dates().map(str), st.sampled_from(["0001-01-01", "9999-12-31", "2024-02-29", "2026-03-29", "1970-01-01"])
    )
    times = st.one_of(st.times().map(lambda t: t.strftime("%H:%M:%S")), st.sampled_from(["00:00:00", "23:59:59"]))
    return st.builds(lambda d, sep, t, f, z: f"{d}{sep}{t}{f}{z}", days, st.sampled_from("Tt "), times, digits, offsets)


def trees(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Json]:
    """JSON for a value of this annotation. Optional fields come and go; written defaults count as well."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return trees(args[0], (*(m for a in args[1:] for m in _constraints(a)), *metadata))
    if annotation is AwareDatetime:
        return instants()
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, types.UnionType):
        return st.one_of([trees(arg) for arg in args])
    if origin is tuple:
        return st.lists(trees(args[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(trees(args[0]), trees(args[1]), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _object(annotation)
    return _scalar(annotation, metadata)


@cache
def _object(model: type[BaseModel]) -> st.SearchStrategy[Json]:
    fields = {name: trees(info.annotation, tuple(info.metadata)) for name, info in model.model_fields.items()}
    required = {name: fields[name] for name, info in model.model_fields.items() if info.is_required()}
    optional = {name: tree for name, tree in fields.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


def _scalar(annotation: Any, metadata: tuple[Any, ...]) -> st.SearchStrategy[Json]:
    low, high = _bounds(metadata)
    if annotation is int:
        return st.one_of(st.integers(low, high), st.sampled_from([low, high]))
    if annotation is float:
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    if annotation is bool:
        return st.booleans()
    if annotation is type(None):
        return st.none()
    assert annotation is str, annotation
    pattern = next((m.pattern for m in metadata if getattr(m, "pattern", None)), None)
    if pattern is not None:
        return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    shortest = next((m.min_length for m in metadata if isinstance(m, annotated_types.MinLen)), 0)
    longest = next((m.max_length for m in metadata if isinstance(m, annotated_types.MaxLen)), None)
    characters = st.characters(exclude_categories=["Cs"])
    return st.text(characters, min_size=shortest, max_size=min(longest or 20, 20))


def _bounds(metadata: tuple[Any, ...]) -> tuple[Any, Any]:
    """The least and the greatest number allowed; every number of the contract has both."""
    low: Any = 0
    high: Any = None
    for item in metadata:
        match item:
            case annotated_types.Ge(ge=bound):
                low = bound
            case annotated_types.Gt(gt=int(bound)):
                low = bound + 1
            case annotated_types.Le(le=bound):
                high = bound
    return low, high


def _constraints(item: Any) -> tuple[Any, ...]:
    return tuple(item.metadata) if isinstance(item, FieldInfo) else (item,)


def full_tree(annotation: Any, metadata: tuple[Any, ...] = ()) -> Json:
    """One JSON value of this annotation with everything that can be there, always the same."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return full_tree(args[0], (*(m for a in args[1:] for m in _constraints(a)), *metadata))
    if origin is Literal or origin in (Union, types.UnionType):
        return args[0] if origin is Literal else full_tree(args[0])
    if origin is tuple:
        return [full_tree(args[0]), full_tree(args[0])]
    if origin is dict:
        return {full_tree(args[0]): full_tree(args[1])}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {n: full_tree(info.annotation, tuple(info.metadata)) for n, info in annotation.model_fields.items()}
    if annotation is AwareDatetime:
        return INSTANT
    pattern = next((found for m in metadata if (found := getattr(m, "pattern", None))), None)
    return {str: _MATCHING[pattern], int: 7, float: 0.75, bool: True}[annotation]


_MATCHING = {  # a text for each pattern of the contract
    None: "text",
    "^[A-Z]{2}$": "ES",
    "^[0-9a-f]{64}$": "0f" * 32,
    "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$": "es-MX",
}

# What does not belong where it is put, mostly.
WRONG: list[Json] = [
    None, True, False, 0, -1, 1, 1.0, 1.5, -0.5, 2, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**30,
    "", "x", "1", "1.0", "true", "null", "P5", "premier ", "Premier", "ES", "es", "ES\n", "\nES", "ESP", "ÉS",
    "x" * 40, "x" * 41, "𐀀" * 40, "𐀀" * 41, "x" * 60, "x" * 61,
    "x" * 200, "x" * 201, "𐀀" * 200, "é" * 201, "\x00", "\u2028", "\ufeff", " ",
    "2026-11-23", "2026-11-23T10:00:00", "2026-11-23T10:00Z", "2026-11-23T24:00:00Z", "2026-11-23T23:59:60Z",
    "2026-02-30T10:00:00Z", "2026-11-23T10:00:00+24:00", "2026-11-23T10:00:00+00:60", "2026-11-23T10:00:00.Z",
    "20261123T100000Z", "2026-W48-1T10:00:00Z", " 2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z ", "1700000000",
    "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
    "9999-12-31T23:59:59.9999999Z", "２026-11-23T10:00:00Z", 1700000000, 1700000000.5,
    [], {}, [None], [[]], {"": None}, {"x": {"y": ["z"]}}, [1, "2"], {"first_response": None},
    Token("1e0"), Token("1E2"), Token("-0"), Token("-0.0"), Token("1e400"), Token("-1e400"), Token("1e-400"),
    Token("0.1e1"), Token("9007199254740991.0"), Token("1" * 400), Token("0." + "1" * 400),
    Token('"\\ud83d\\ude00"'), Token('"\\u0041"'), Token('"\\u0032026-11-23T10:00:00Z"'),
    '2026-11-23T10:00:00Z"', '2026"-11-23T10:00:00Z',
    "2026-11-23T10:00:00Z\\u0020", "\\u0032026-11-23T10:00:00Z", '"', "\\", Token('"\\/"'),
    Token("[" * 150 + "]" * 150),
    Token("01"), Token("+1"), Token(".5"), Token("1."), Token("0x1"), Token("'x'"), Token("True"), Token("None"),
    Token("undefined"), Token("nul"), Token(""), Token("[1,]"), Token('{"a":1,}'), Token("{'a':1}"), Token("[1 2]"),
    Token('"\\ud800"'), Token('"\\udc00"'), Token('"\\udc00\\ud800"'), Token('"\\ud800x"'), Token('"\\ud800\\u0041"'),
    Token('"\\q"'), Token('"\\u12"'), Token('"\\x41"'), Token('"\x01"'), Token('"\n"'), Token('"\t"'), Token('"x'),
    Token("/* x */ 1"), Token("1 // x"),
]  # fmt: skip


def paths(tree: Json) -> list[Path]:
    """Where something is in the tree, the root included."""
    found: list[Path] = [()]
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, child in children:
        found.extend((name, *path) for path in paths(child))
    return found


DROP = object()


def put(tree: Json, path: Path, value: Json) -> Json:
    """The tree with `value` at `path`; DROP leaves the place out."""
    if not path:
        return value
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    changed = {name: put(child, path[1:], value) if name == path[0] else child for name, child in items}
    kept = {name: child for name, child in changed.items() if child is not DROP}
    return kept if isinstance(tree, dict) else list(kept.values())


def at(tree: Json, path: Path) -> Json:
    """What is at `path`."""
    return at(tree[path[0]], path[1:]) if path else tree


@st.composite
def spoilt(draw: st.DrawFn, model: type[BaseModel]) -> str:
    """The JSON text of an event after one to three mutations of its tree."""
    tree = draw(trees(model))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths(tree)))
        kind = draw(st.sampled_from(["drop", "wrong", "wrong", "wrong", "wrap", "add"]))
        wrong = draw(st.sampled_from(WRONG))
        if kind == "drop":
            tree = put(tree, path, DROP) if path else {}
        elif kind == "wrong":
            tree = put(tree, path, wrong)
        elif kind == "wrap":
            tree = put(tree, path, [at(tree, path)])
        elif isinstance(place := at(tree, path), dict):
            name = draw(st.sampled_from(["extra", "", "é", "TYPE", "model_config", "__class__", "Request_id"]))
            tree = put(tree, path, {**place, name: wrong})
    return text(tree, ascii_only=draw(st.booleans()))


def text(tree: Json, *, ascii_only: bool = False) -> str:
    """The tree as JSON, tokens as they stand."""
    if isinstance(tree, Token):
        return tree.text
    if isinstance(tree, dict):
        pairs = (f"{json.dumps(n, ensure_ascii=ascii_only)}: {text(v, ascii_only=ascii_only)}" for n, v in tree.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(text(item, ascii_only=ascii_only) for item in tree) + "]"
    return json.dumps(tree, ensure_ascii=ascii_only)
