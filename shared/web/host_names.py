"""[pure] Names and addresses of hosts, in the one form of each by which they are compared."""

import ipaddress
import re

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")
_HEADER = re.compile(rf"({_NAME.pattern}|\[[0-9A-Fa-f:.]{{2,45}}\])(?::[0-9]{{1,5}})?")


def host_of(header: str) -> str | None:
    """The host that a Host header names, in the one form of each; None if it is malformed. Any port will do."""
    found = _HEADER.fullmatch(header)
    return None if found is None else canonical(found[1])


def canonical(host: str) -> str | None:
    """A name in small letters, without the dot of the root; an IPv6 address, in brackets or not, by RFC 5952.

    None = it is neither.
    """
    if _NAME.fullmatch(host):
        return host.lower().removesuffix(".") or None
    if host.startswith("[") != host.endswith("]"):
        return None
    try:
        return ipaddress.IPv6Address(host.removeprefix("[").removesuffix("]")).compressed
    except ValueError:
        return None
