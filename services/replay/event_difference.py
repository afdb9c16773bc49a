"""[pure] In what a published event and the one that a replay makes differ, field by field.

What a customer wrote is never shown, only that it differs; what is no field of the contract is named and not shown.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from services.replay.recorded_causes import event_type, meant_headers
from shared.contracts.registry import model_for
from shared.kafka.record import Headers, Output, Record

NOT_SHOWN = "(not shown)"  # a customer's words, or something that nobody has described
ABSENT = "(absent)"
_CUSTOMERS = frozenset(("subject", "description", "text"))
_LONGEST = 200  # characters of a value


class FieldDifference(NamedTuple):
    """One field: what was published and what follows from the log. Texts are at most 200 characters long."""

    field: str
    published: Any
    replayed: Any


def differences(published: Record, replayed: Output, partition: int) -> list[FieldDifference]:
    """Every difference but in `ce_time` and `traceparent`. `partition` is the task's, where an output names none."""
    found = []
    place = partition if replayed.partition is None else replayed.partition
    if published.partition != place:
        found.append(FieldDifference("partition", published.partition, place))
    if published.key != replayed.key:
        found.append(FieldDifference("key", _shown(published.key), _shown(replayed.key)))
    found += _headers(meant_headers(published.headers), meant_headers(replayed.headers))
    if published.value != replayed.value:
        found += _data(published.value, replayed.value, event_type(replayed))
    return found


def _headers(published: Headers, replayed: Headers) -> Iterator[FieldDifference]:
    if published == replayed:
        return
    one, other = dict(published), dict(replayed)
    differ = [name for name in dict.fromkeys((*other, *one)) if one.get(name) != other.get(name)]
    for name in differ:
        if name in other:
            yield FieldDifference(f"header {name}", _shown(one[name]) if name in one else ABSENT, _shown(other[name]))
        else:
            yield FieldDifference(f"header {name[:100]}", NOT_SHOWN, ABSENT)
    if not differ:
        yield FieldDifference("headers", "in another order, or one twice", "each once, in the order of the serde")


def _data(published: bytes | None, replayed: bytes | None, event_type: str) -> Iterator[FieldDifference]:
    if published is None or replayed is None:
        yield FieldDifference("data", ABSENT if published is None else NOT_SHOWN, NOT_SHOWN)
        return
    try:
        one, other = json.loads(published), json.loads(replayed)
    except (ValueError, RecursionError):
        yield FieldDifference("data", "is not JSON", NOT_SHOWN)
        return
    model = model_for(event_type)
    known = frozenset(model.model_fields if model else ())
    found = list(_between(one, other, "", known))
    yield from found
    if not found:
        yield FieldDifference("data", "the same JSON, written differently", "as the services write it")


def _between(one: Any, other: Any, path: str, known: frozenset[str]) -> Iterator[FieldDifference]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*other, *one)):
            below = f"{path}.{name}" if path else str(name)
            if name in one and name in other:
                yield from _between(one[name], other[name], below, known)
            else:
                values = (_value(side[name], below, known) if name in side else ABSENT for side in (one, other))
                yield FieldDifference(_named(below), *values)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _between(*pair, f"{path}.{number}", known)
    elif type(one) is not type(other) or one != other:
        yield FieldDifference(_named(path), _value(one, path, known), _value(other, path, known))


def _value(value: Any, path: str, known: frozenset[str]) -> Any:
    """A value for people to read: as it is if it is small, else the beginning of its JSON."""
    top = path.partition(".")[0]
    if top in _CUSTOMERS or top not in known:
        return NOT_SHOWN
    if isinstance(value, str | dict | list):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return value


def _named(path: str) -> str:
    return path[:_LONGEST] or "data"


def _shown(data: bytes | None) -> str:
    if data is None:
        return ABSENT
    return data.decode(errors="replace")[:_LONGEST]
