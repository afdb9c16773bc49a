"""[pure] What a W3C traceparent looks like."""

import re

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<later>-.*)?")


def is_traceparent(text: str) -> bool:
    """Whether this is a traceparent by W3C Trace Context: version 00, or a later one, which may say more at its end."""
    match = _TRACEPARENT.fullmatch(text)
    return match is not None and (match["later"] is None or not text.startswith("00"))
