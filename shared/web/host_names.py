"""[pure] Names and addresses of hosts, in the one form of each by which they are compared."""

import ipaddress
import re
from collections.abc import Iterable

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


def hosts_in(text: str) -> frozenset[str]:
    """The hosts of a text that separates them by commas, in the one form of each; without what is no host."""
    return frozenset(host for each in text.split(",") if (host := canonical(each.strip())) is not None)


def is_loopback(host: str) -> bool:
    """Whether a name or an address is of this machine alone: nobody elsewhere reaches what listens there by it."""
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def of_others(hosts: Iterable[str]) -> str:
    """Those of `hosts` by which other machines may come, as a text for people; empty if there are none."""
    return ", ".join(sorted(host for host in hosts if not is_loopback(host)))
