"""[pure] Lists the fields in which a published event and its replayed counterpart differ.

Text that a customer wrote is never shown, only that it differs. The same holds for values of fields that are not in the
event's contract.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from services.replay.recorded_causes import comparable_headers, event_type
from shared.contracts.registry import model_for
from shared.kafka.record import Headers, Output, Record
from shared.messages.reason import Reason

NOT_SHOWN = Reason("replay.value.not_shown")  # a customer's text, or a field that is not in the contract
ABSENT = Reason("replay.value.absent")
_CUSTOMER_TEXT = frozenset(("subject", "description", "text"))
_MAX_LENGTH = 200  # characters of a value


class FieldDifference(NamedTuple):
    """One field with its published and its replayed value. Texts are cut after 200 characters.

    A value that is not shown, is absent or has no value of its own is a Reason.
    """

    field: str
    published: Any
    replayed: Any


def differences(published: Record, replayed: Output, partition: int) -> list[FieldDifference]:
    """Every difference except in `ce_time` and `traceparent`; `partition` is where an output without one is written."""
    found = []
    replayed_partition = partition if replayed.partition is None else replayed.partition
    if published.partition != replayed_partition:
        found.append(FieldDifference("partition", published.partition, replayed_partition))
    if published.key != replayed.key:
        found.append(FieldDifference("key", _as_text(published.key), _as_text(replayed.key)))
    found += _headers(comparable_headers(published.headers), comparable_headers(replayed.headers))
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
            yield FieldDifference(
                f"header {name}", _as_text(one[name]) if name in one else ABSENT, _as_text(other[name])
            )
        else:
            yield FieldDifference(f"header {name[:100]}", NOT_SHOWN, ABSENT)
    if not differ:
        yield FieldDifference(
            "headers", Reason("replay.value.headers_out_of_order"), Reason("replay.value.headers_in_order")
        )


def _data(published: bytes | None, replayed: bytes | None, event_type: str) -> Iterator[FieldDifference]:
    if published is None or replayed is None:
        yield FieldDifference("data", ABSENT if published is None else NOT_SHOWN, NOT_SHOWN)
        return
    try:
        one, other = json.loads(published), json.loads(replayed)
    except (ValueError, RecursionError):
        yield FieldDifference("data", Reason("replay.value.not_json"), NOT_SHOWN)
        return
    model = model_for(event_type)
    known = frozenset(model.model_fields if model else ())
    found = list(_compare_json(one, other, "", known))
    yield from found
    if not found:
        yield FieldDifference("data", Reason("replay.value.another_notation"), Reason("replay.value.own_notation"))


def _compare_json(one: Any, other: Any, path: str, known: frozenset[str]) -> Iterator[FieldDifference]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*other, *one)):
            below = f"{path}.{name}" if path else str(name)
            if name in one and name in other:
                yield from _compare_json(one[name], other[name], below, known)
            else:
                values = (_value(side[name], below, known) if name in side else ABSENT for side in (one, other))
                yield FieldDifference(_field_name(below), *values)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _compare_json(*pair, f"{path}.{number}", known)
    elif type(one) is not type(other) or one != other:
        yield FieldDifference(_field_name(path), _value(one, path, known), _value(other, path, known))


def _value(value: Any, path: str, known: frozenset[str]) -> Any:
    """A value for display: scalars as they are, texts and JSON cut after 200 characters."""
    top = path.partition(".")[0]
    if top in _CUSTOMER_TEXT or top not in known:
        return NOT_SHOWN
    if isinstance(value, str | dict | list):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}…"
    return value


def _field_name(path: str) -> str:
    return path[:_MAX_LENGTH] or "data"


def _as_text(data: bytes | None) -> str | Reason:
    if data is None:
        return ABSENT
    return data.decode(errors="replace")[:_MAX_LENGTH]
