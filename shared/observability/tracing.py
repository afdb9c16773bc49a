"""W3C trace context: a record's `traceparent` names the step that wrote it; each step is a child of the one before."""

import secrets

from shared.contracts.trace_context import is_traceparent


def child(parent: str | None) -> str:
    """A traceparent with a new span id in the trace of `parent`, or in a new trace if there is no valid parent."""
    if parent is not None and is_traceparent(parent):
        return f"00-{parent[3:35]}-{secrets.token_hex(8)}-{parent[53:55]}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
