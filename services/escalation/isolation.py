"""[pure] Isolated cases: the timer of one has failed, or its stored state cannot be read.

Store "isolated" has one entry for each, by packed case id: when to retry it (8 bytes, microseconds since 1970 UTC) and
`IsolatedCase`. While a case is isolated, nothing is applied to it; the retry ends the isolation, or moves it on.
"""

import msgspec

from services.escalation import early_activity
from shared.business_time.instants import Micros, from_micros
from shared.contracts.base import format_instant
from shared.kafka.faults import PoisonRecord
from shared.sla import case_state
from shared.sla.packing import unpack_id
from shared.streams.overlay import Overlay

STORE = "isolated"
_RETRY = 8  # bytes


class IsolatedCase(msgspec.Struct, array_like=True, frozen=True):
    """Why a case is isolated. Of the error only its type is kept: its text might quote a customer."""

    store: str  # which has what failed: "cases", or "early" while the case has not come
    due: Micros  # the instant of its timer there; 0 = none
    since: Micros
    error: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(IsolatedCase).decode


def encode(case: IsolatedCase, retry_at: Micros) -> bytes:
    """The value to store."""
    return retry_at.to_bytes(_RETRY, "big") + _encode(case)


def decode(value: bytes) -> IsolatedCase:
    """The case in a stored value."""
    return _decode(memoryview(value)[_RETRY:])


def retry_at(value: bytes) -> Micros:
    """When the case in a stored value is retried."""
    return int.from_bytes(value[:_RETRY], "big")


def check(overlay: Overlay, packed_case_id: bytes) -> None:
    """Refuse a record of an isolated case. Raises PoisonRecord."""
    value = overlay.get(STORE, packed_case_id)
    if value is not None:
        raise refusal(packed_case_id, decode(value))


def refusal(packed_case_id: bytes, case: IsolatedCase) -> PoisonRecord:
    """Why records of this case are dead-lettered."""
    return PoisonRecord(
        "case_isolated",
        f"case {unpack_id(packed_case_id)} is isolated since {format_instant(from_micros(case.since))} "
        f"({case.error}); replay this dead letter once the log says that the isolation has ended",
    )


def key_of(store: str, key: bytes) -> bytes:
    """The packed id of the case whose timer is the entry `key` of `store`."""
    return key if store == case_state.STORE else key[1:]


def timer_key(store: str, packed_case_id: bytes) -> bytes:
    """The entry of `store` that has the timer of the case."""
    return packed_case_id if store == case_state.STORE else early_activity.list_key(unpack_id(packed_case_id))


def case_of(store: str, key: bytes) -> str:
    """The id of the case whose timer is the entry `key` of `store`."""
    return unpack_id(key_of(store, key))
