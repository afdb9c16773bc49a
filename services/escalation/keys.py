"""[pure] How cases are named in the state stores: short, and reversible."""

import re

_HEX_ID = re.compile(r"[0-9a-f]{32}")
_HEX_TAG = b"\xff"  # never occurs in UTF-8, so a packed id cannot be mistaken for a text


def pack_id(text: str) -> bytes:
    """17 bytes for an id of 32 hexadecimal digits, such as Frontline makes; UTF-8 for any other."""
    return _HEX_TAG + bytes.fromhex(text) if _HEX_ID.fullmatch(text) else text.encode()


def unpack_id(packed: bytes) -> str:
    """The id that `pack_id` packed."""
    return packed[1:].hex() if packed[:1] == _HEX_TAG else packed.decode()
