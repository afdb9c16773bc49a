"""[pure] Activity that arrives before its case: kept for a while, byte for byte, then dead-lettered.

Requests and activity travel through different topics, so a quick reply may overtake the decision that makes the case.
Store "early" has one list per case and one entry per record, so that keeping a record costs its own size only.
"""

from itertools import takewhile

import msgspec

from shared.contracts.topics import DEAD_LETTER_HEADROOM, MAX_MESSAGE_BYTES
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Headers, Record
from shared.sla.packing import pack_id, unpack_id
from shared.streams.overlay import Overlay

STORE = "early"
KEPT_FOR = 15 * 60 * 1_000_000  # microseconds
KEPT_AT_MOST = 100  # records for one case
_LARGEST = MAX_MESSAGE_BYTES - DEAD_LETTER_HEADROOM  # what surely fits into the changelog

_LIST = b"l"  # + packed case id -> 8 bytes when the first expires, then [(expires, offset), …] in order of arrival
_RECORD = b"r"  # + offset -> the record


class _Kept(msgspec.Struct, array_like=True, frozen=True):
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


_Waiting = list[tuple[int, int]]
_decode_waiting = msgspec.msgpack.Decoder(_Waiting).decode
_decode_kept = msgspec.msgpack.Decoder(_Kept).decode
_encode = msgspec.msgpack.encode


def keep(overlay: Overlay, case_id: str, record: Record, now: int) -> None:
    """Keep `record` until its case comes, at most `KEPT_FOR` from `now`. Raises PoisonRecord for what is too much."""
    waiting = _waiting(overlay, case_id)
    if len(waiting) >= KEPT_AT_MOST:
        raise PoisonRecord(
            "unknown_case", f"case {case_id} is not known, and {KEPT_AT_MOST} records already wait for it"
        )
    kept = _encode(
        _Kept(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp_ms,
            record.key,
            record.value,
            record.headers,
        )
    )
    if len(kept) > _LARGEST:
        raise PoisonRecord("unknown_case", f"case {case_id} is not known, and {len(kept)} bytes are too many to keep")
    overlay.put(STORE, _record_key(record.offset), kept)
    waiting.append((now + KEPT_FOR, record.offset))
    _put_waiting(overlay, case_id, waiting)


def take(overlay: Overlay, case_id: str) -> list[Record]:
    """The records that wait for `case_id`, in order of arrival; they are deleted here."""
    waiting = _waiting(overlay, case_id)
    if waiting:
        _put_waiting(overlay, case_id, [])
    return [_take_record(overlay, offset) for _, offset in waiting]


def take_expired(overlay: Overlay, list_key: bytes, now: int) -> list[tuple[Record, PoisonRecord]]:
    """The records of one list whose case did not come in time, each with its cause; they are deleted here."""
    case_id = case_of(list_key)
    waiting = _waiting(overlay, case_id)
    expired = list(takewhile(lambda entry: entry[0] < now, waiting))
    if expired:
        _put_waiting(overlay, case_id, waiting[len(expired) :])
    cause = PoisonRecord("unknown_case", f"case {case_id} did not come within {KEPT_FOR // 60_000_000} minutes")
    return [(_take_record(overlay, offset), cause) for _, offset in expired]


def list_key(case_id: str) -> bytes:
    """The key of the list of what waits for a case."""
    return _LIST + pack_id(case_id)


def case_of(list_key: bytes) -> str:
    """The case that the records of a list wait for."""
    return unpack_id(list_key[1:])


def is_list(key: bytes) -> bool:
    """Whether the entry `key` is the list of what waits for a case."""
    return key[:1] == _LIST


def check_readable(overlay: Overlay, case_id: str) -> None:
    """Read all that waits for a case. Raises whatever reading it raises, if it is damaged."""
    for _, offset in _waiting(overlay, case_id):
        _decode_kept(overlay.get(STORE, _record_key(offset)) or b"")


def due_of(key: bytes, value: bytes | None) -> int | None:
    """When the entry `key` of the store has something to give up; None for anything but a list."""
    return int.from_bytes(value[:8], "big") if value is not None and is_list(key) else None


def offsets_in(value: bytes) -> list[int]:
    """The offsets of the records that wait for a case, from the entry of its list."""
    return [offset for _, offset in _decode_waiting(memoryview(value)[8:])]


def _waiting(overlay: Overlay, case_id: str) -> _Waiting:
    stored = overlay.get(STORE, list_key(case_id))
    return [] if stored is None else _decode_waiting(memoryview(stored)[8:])


def _put_waiting(overlay: Overlay, case_id: str, waiting: _Waiting) -> None:
    key = list_key(case_id)
    if waiting:
        overlay.put(STORE, key, waiting[0][0].to_bytes(8, "big") + _encode(waiting))
    else:
        overlay.delete(STORE, key)


def _take_record(overlay: Overlay, offset: int) -> Record:
    key = _record_key(offset)
    stored = overlay.get(STORE, key)
    if stored is None:
        raise AssertionError(f"early activity at offset {offset} is listed but not kept")
    overlay.delete(STORE, key)
    kept = _decode_kept(stored)
    return Record(kept.topic, kept.partition, kept.offset, kept.timestamp_ms, kept.key, kept.value, kept.headers)


def _record_key(offset: int) -> bytes:
    return _RECORD + offset.to_bytes(8, "big")
