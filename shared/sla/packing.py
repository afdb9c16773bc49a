"""[pure] Ids, digests and traces as few bytes: a million open cases are kept in memory."""

import hashlib
import re

from shared.contracts.trace_context import is_traceparent

_HEX = re.compile(r"[0-9a-f]{32}")
_REQUEST = re.compile(r"[0-9a-f]{56}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
# None of these bytes occurs in UTF-8, so a packed id cannot be mistaken for a text.
_HEX_TAG, _UUID_TAG, _REQUEST_TAG = b"\xff", b"\xfe", b"\xfd"
_TRACE, _NOT_SAMPLED = 24, b"\x00"  # bytes of a trace and its span, and what follows them
_DIGEST = 6  # bytes: of 2^48 bodies one passes for another, and a client can only mislead itself


def pack_id(text: str) -> bytes:
    """29 bytes for a request id of intake, 17 for another id of Frontline (32 hexadecimal digits) or a UUID; UTF-8 for
    any other.
    """
    if _REQUEST.fullmatch(text):
        return _REQUEST_TAG + bytes.fromhex(text)
    if _HEX.fullmatch(text):
        return _HEX_TAG + bytes.fromhex(text)
    if _UUID.fullmatch(text):
        return _UUID_TAG + bytes.fromhex(text.replace("-", ""))
    return text.encode()


def unpack_id(packed: bytes) -> str:
    """The id that `pack_id` packed."""
    tag = packed[:1]
    if tag in (_HEX_TAG, _REQUEST_TAG):
        return packed[1:].hex()
    if tag == _UUID_TAG:
        digits = packed[1:].hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return packed.decode()


def pack_digest(digest: str | None) -> bytes:
    """6 bytes that tell one digest from another, whatever text it is; none for None."""
    return b"" if digest is None else hashlib.sha256(digest.encode()).digest()[:_DIGEST]


def pack_trace(traceparent: str | None) -> bytes | None:
    """24 bytes for the trace and span of a W3C traceparent, one more if it is not sampled; None if there is none."""
    if traceparent is None or not is_traceparent(traceparent):
        return None
    sampled = int(traceparent[53:55], 16) & 1
    return bytes.fromhex(traceparent[3:35] + traceparent[36:52]) + (b"" if sampled else _NOT_SAMPLED)


def unpack_trace(packed: bytes | None) -> str | None:
    """The traceparent that `pack_trace` packed, as one of version 00."""
    if packed is None:
        return None
    sampled = int(len(packed) == _TRACE)
    return f"00-{packed[:16].hex()}-{packed[16:_TRACE].hex()}-0{sampled}"
