"""W3C trace context: a record's `traceparent` names the step that wrote it; each step is a child of the one before."""

import re
import secrets

_TRACEPARENT = re.compile(r"^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$")


def is_valid(traceparent: str) -> bool:
    """Whether this is a traceparent by W3C Trace Context, version 00 or a later one that extends it."""
    match = _TRACEPARENT.match(traceparent)
    return match is not None and (match[3] is None or not traceparent.startswith("00"))


def child(parent: str | None) -> str:
    """A traceparent with a new span id in the trace of `parent`, or in a new trace if there is no valid parent."""
    if parent is not None and is_valid(parent):
        return f"00-{parent[3:35]}-{secrets.token_hex(8)}-{parent[53:55]}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
