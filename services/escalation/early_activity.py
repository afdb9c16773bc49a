"""[pure] Activity that arrives before its case: kept for a while, without its texts, then dead-lettered by reference.

Requests and activity travel through different topics, so a quick reply may overtake the decision that makes the case.
What is kept is what the clocks need; the whole record stays where it is, in its topic. All that waits in a task has a
budget in bytes, and each client a share of it, so that a client that writes to cases that do not exist fills nothing.
Store "early" has one list per case, one entry per record, so that keeping a record costs its own size only, and what
the records of each client, and of all, take of the budget.
"""

from itertools import takewhile
from typing import NamedTuple

import msgspec

from shared.contracts.structs import ActivityRecorded
from shared.contracts.topics import ACTIVITY, DEAD_LETTER_HEADROOM, MAX_MESSAGE_BYTES
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.sla.packing import pack_id, pack_trace, unpack_id, unpack_trace
from shared.streams.overlay import Overlay

STORE = "early"
KEPT_FOR = 15 * 60 * 1_000_000  # microseconds
KEPT_AT_MOST = 100  # records for one case
_LARGEST = MAX_MESSAGE_BYTES - DEAD_LETTER_HEADROOM  # what surely fits into the changelog

_LIST = b"l"  # + packed case id -> 8 bytes when the first expires, then [(expires, offset), …] in order of arrival
_RECORD = b"r"  # + offset -> what is kept of the record
_BYTES = b"b"  # + client -> 8 bytes, what its records take; without a client: what all take
_LISTED = 32  # bytes at most that a list needs for each record, beside its key


class Budget(NamedTuple):
    """How many bytes of a task's early activity are kept: of all clients, and of each one."""

    total: int
    of_a_client: int


# Some 20,000 replies; the records of a flood of 64 KB each took a hundred times as much.
BUDGET = Budget(8 * 1024 * 1024, 2 * 1024 * 1024)


class Waiting(NamedTuple):
    """An activity that waits for its case, without its texts. `record` has its place, and neither value nor headers."""

    activity: ActivityRecorded
    traceparent: str | None
    record: Record


class _Kept(msgspec.Struct, array_like=True, frozen=True):
    activity: ActivityRecorded
    trace: bytes | None


_Listed = list[tuple[int, int]]
_decode_listed = msgspec.msgpack.Decoder(_Listed).decode
_decode_kept = msgspec.msgpack.Decoder(_Kept).decode
_encode = msgspec.msgpack.encode


def keep(
    overlay: Overlay, activity: ActivityRecorded, traceparent: str | None, offset: int, now: int, budget: Budget
) -> None:
    """Keep the activity at `offset` until its case comes, at most `KEPT_FOR` from `now`.

    Raises PoisonRecord for what is too much.
    """
    case_id = activity.case_id
    listed = _listed(overlay, case_id)
    if len(listed) >= KEPT_AT_MOST:
        raise _too_much(case_id, f"{KEPT_AT_MOST} records already wait for it")
    kept = _encode(_Kept(without_texts(activity), pack_trace(traceparent)))
    if len(kept) > _LARGEST:
        raise _too_much(case_id, f"{len(kept)} bytes are too many to keep")
    _charge(overlay, activity, _cost(case_id, kept), budget)
    overlay.put(STORE, _record_key(offset), kept)
    listed.append((now + KEPT_FOR, offset))
    _put_listed(overlay, case_id, listed)


def without_texts(activity: ActivityRecorded) -> ActivityRecorded:
    """The same activity for the clocks: no clock and no event has what people wrote."""
    return msgspec.structs.replace(activity, text=None, reason=None)


def take(overlay: Overlay, case_id: str) -> list[Waiting]:
    """The activity that waits for `case_id`, in order of arrival; it is deleted here."""
    listed = _listed(overlay, case_id)
    if listed:
        _put_listed(overlay, case_id, [])
    return [_take(overlay, case_id, offset) for _, offset in listed]


def take_expired(overlay: Overlay, list_key: bytes, now: int) -> list[tuple[Record, PoisonRecord]]:
    """The records of one list whose case did not come in time, each with its cause; they are deleted here."""
    case_id = case_of(list_key)
    listed = _listed(overlay, case_id)
    expired = list(takewhile(lambda entry: entry[0] < now, listed))
    if expired:
        _put_listed(overlay, case_id, listed[len(expired) :])
    cause = PoisonRecord("unknown_case", f"case {case_id} did not come within {KEPT_FOR // 60_000_000} minutes")
    return [(_take(overlay, case_id, offset).record, cause) for _, offset in expired]


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
    for _, offset in _listed(overlay, case_id):
        _decode_kept(overlay.get(STORE, _record_key(offset)) or b"")


def drop_unreadable(overlay: Overlay, list_key: bytes) -> list[Record]:
    """The records of one list that cannot be read, without value and headers; what is kept of them is deleted here.

    What they take of the budget stays taken: it is not known of which client they are. Raises what reading the list
    raises.
    """
    case_id = case_of(list_key)
    listed = _listed(overlay, case_id)
    unreadable = [entry for entry in listed if not _is_readable(overlay, entry[1])]
    if unreadable:
        _put_listed(overlay, case_id, [entry for entry in listed if entry not in unreadable])
    for _, offset in unreadable:
        overlay.delete(STORE, _record_key(offset))
    return [_place(overlay, case_id, offset) for _, offset in unreadable]


def due_of(key: bytes, value: bytes | None) -> int | None:
    """When the entry `key` of the store has something to give up; None for anything but a list."""
    return int.from_bytes(value[:8], "big") if value is not None and is_list(key) else None


def offsets_in(value: bytes) -> list[int]:
    """The offsets of the records that wait for a case, from the entry of its list."""
    return [offset for _, offset in _decode_listed(memoryview(value)[8:])]


def bytes_of(overlay: Overlay, client: str = "") -> int:
    """What the waiting activity of a client takes of the budget; that of all clients without one."""
    return int.from_bytes(overlay.get(STORE, _BYTES + client.encode()) or b"", "big")


def _charge(overlay: Overlay, activity: ActivityRecorded, cost: int, budget: Budget) -> None:
    """Take `cost` from the budget. Raises PoisonRecord if it does not suffice."""
    client = activity.client
    of_client, of_all = bytes_of(overlay, client) + cost, bytes_of(overlay) + cost
    if of_client > budget.of_a_client:
        raise _too_much(
            activity.case_id,
            f"early activity of client {client} would take more than the {budget.of_a_client} bytes that a task keeps "
            "of one client",
        )
    if of_all > budget.total:
        raise _too_much(
            activity.case_id, f"early activity would take more than the {budget.total} bytes that a task keeps"
        )
    _put_bytes(overlay, client, of_client)
    _put_bytes(overlay, "", of_all)


def _release(overlay: Overlay, client: str, cost: int) -> None:
    for whose in (client, ""):
        _put_bytes(overlay, whose, bytes_of(overlay, whose) - cost)


def _put_bytes(overlay: Overlay, client: str, number: int) -> None:
    key = _BYTES + client.encode()
    if number:
        overlay.put(STORE, key, number.to_bytes(8, "big"))
    else:
        overlay.delete(STORE, key)


def _cost(case_id: str, kept: bytes) -> int:
    return len(_record_key(0)) + len(kept) + len(list_key(case_id)) + _LISTED


def _listed(overlay: Overlay, case_id: str) -> _Listed:
    stored = overlay.get(STORE, list_key(case_id))
    return [] if stored is None else _decode_listed(memoryview(stored)[8:])


def _put_listed(overlay: Overlay, case_id: str, listed: _Listed) -> None:
    key = list_key(case_id)
    if listed:
        overlay.put(STORE, key, listed[0][0].to_bytes(8, "big") + _encode(listed))
    else:
        overlay.delete(STORE, key)


def _take(overlay: Overlay, case_id: str, offset: int) -> Waiting:
    key = _record_key(offset)
    stored = overlay.get(STORE, key)
    if stored is None:
        raise AssertionError(f"early activity at offset {offset} is listed but not kept")
    kept = _decode_kept(stored)
    overlay.delete(STORE, key)
    _release(overlay, kept.activity.client, _cost(case_id, stored))
    return Waiting(kept.activity, unpack_trace(kept.trace), _place(overlay, case_id, offset))


def _place(overlay: Overlay, case_id: str, offset: int) -> Record:
    """A record of activity without value and headers."""
    return Record(ACTIVITY.name, overlay.partition, offset, -1, case_id.encode(), None)


def _is_readable(overlay: Overlay, offset: int) -> bool:
    try:
        _decode_kept(overlay.get(STORE, _record_key(offset)) or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True


def _record_key(offset: int) -> bytes:
    return _RECORD + offset.to_bytes(8, "big")


def _too_much(case_id: str, why: str) -> PoisonRecord:
    return PoisonRecord("unknown_case", f"case {case_id} is not known, and {why}")
