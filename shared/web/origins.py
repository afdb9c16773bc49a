"""[pure] Web origins (RFC 6454): which pages may call from a browser, and what a browser says about the page."""

import re
from collections.abc import Collection

_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def is_origin(text: str) -> bool:
    """Whether `text` is a scheme, a host and perhaps a port, as browsers send it: no path, no `*`."""
    return _ORIGIN.fullmatch(text) is not None


def is_from(origin: str | None, host: str, others: Collection[str] = ()) -> bool:
    """Whether a page of `host`, or of one of the origins `others`, sent a request with this Origin header.

    Browsers send one with every POST and with every WebSocket, so one without it is not from a page; `null` is that of
    a page that hides where it is from. `host` is the Host header: whatever a proxy in between does to the scheme.
    """
    if origin is None or not is_origin(origin):
        return False
    return origin.partition("://")[2].lower() == host.lower() or origin.lower() in {each.lower() for each in others}
