"""[pure] What the OpenAPI document says of the shapes of an activity: which fields stand together.

`activity.py` checks them with an error for each field. A JSON Schema says the same by conditions; a test compares both.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from pydantic.config import JsonDict

from shared.contracts.vocabulary import ActivityType

_NULL: JsonDict = {"type": "null"}
_NOT_NULL: JsonDict = {"not": _NULL}


class TypeRule(Protocol):
    """The fields of one type of activity."""

    @property
    def needs(self) -> tuple[str, ...]:
        """All of these."""

    @property
    def one_of(self) -> tuple[str, ...]:
        """At least one of these."""

    @property
    def may(self) -> tuple[str, ...]:
        """Any of these."""

    @property
    def nullable(self) -> tuple[str, ...]:
        """Of these, null is a value."""


def shapes_of_types(rules: Mapping[ActivityType, TypeRule], fields: Iterable[str], status_limit: int) -> JsonDict:
    """For each type: the fields that it needs, and those that it does not have."""
    all_fields = tuple(fields)
    return {"allOf": [{"if": _is(kind), "then": _then(kind, rules[kind], all_fields, status_limit)} for kind in rules]}


def shapes_of_terms() -> JsonDict:
    """No target, with its reason; or a target in seconds, or in business days."""
    none = _fields(given=("reason",), absent=(*_TARGETS, *_WITH_TARGET))
    seconds = _fields(given=("target_seconds", "hours", "promise"), absent=("target_business_days", "reason", "until"))
    seconds["anyOf"] = [
        {"properties": {"open_at_least": _NULL}},
        {"properties": {"hours": {"const": "elapsed_then_next_open"}}},
    ]
    days = _fields(
        given=("target_business_days", "promise"),
        absent=("target_seconds", "reason", "open_at_least"),
        more={"hours": {"enum": ["business", None]}},
    )
    return {"anyOf": [none, seconds, days]}


_TARGETS = ("target_seconds", "target_business_days")
_WITH_TARGET = ("hours", "promise", "until", "open_at_least", "calendar")


def _is(kind: str) -> JsonDict:
    return {"properties": {"type": {"const": kind}}, "required": ["type"]}


def _then(kind: str, rule: TypeRule, fields: tuple[str, ...], status_limit: int) -> JsonDict:
    known = {*rule.needs, *rule.one_of, *rule.may}
    more: JsonDict = {name: {} for name in rule.nullable}  # a tool may look for what is required among the properties
    if kind == "status_changed":
        more["to"] = {"maxLength": status_limit, **_NOT_NULL}
    shape = _fields(
        given=tuple(name for name in rule.needs if name not in rule.nullable),
        absent=tuple(name for name in fields if name not in known),
        more=more,
    )
    shape["required"] = list(rule.needs)
    if rule.one_of:
        shape["anyOf"] = [_fields(given=(name,)) for name in rule.one_of]
    return shape


def _fields(given: tuple[str, ...] = (), absent: tuple[str, ...] = (), more: JsonDict | None = None) -> JsonDict:
    """An object that has all of `given`, not null, and none of `absent` but as null."""
    properties: JsonDict = {**dict.fromkeys(given, _NOT_NULL), **dict.fromkeys(absent, _NULL), **(more or {})}
    return {"properties": properties, "required": list(given)}
