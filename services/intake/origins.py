"""[pure] Web origins (RFC 6454): which pages may call from a browser, and what a browser says about the page."""

import re
from collections.abc import Collection

_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def is_origin(text: str) -> bool:
    """Whether `text` is a scheme, a host and perhaps a port, as browsers send it: no path, no `*`."""
    return _ORIGIN.fullmatch(text) is not None


def is_from(origin: str | None, own: str, others: Collection[str] = ()) -> bool:
    """Whether a page of `own` or of one of `others` sent a request with this Origin header.

    Browsers send one with every POST and with every WebSocket, so one without it is not from a page; `null` is that of
    a page that hides where it is from.
    """
    return origin is not None and origin.lower() in {own.lower(), *(each.lower() for each in others)}
