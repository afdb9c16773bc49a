"""[pure] An isolated case in its stored form: why, since when, and when it is retried.

Escalation keeps it in store "isolated", by packed case id: 8 bytes, the retry in microseconds since 1970 UTC, and
`IsolatedCase`. No entry: the case is not isolated.
"""

import msgspec

from shared.business_time.instants import Micros

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
    """When the case in a stored value is retried, unless escalation is restarted before."""
    return int.from_bytes(value[:_RETRY], "big")
