"""Free ports for servers of tests that have to know their port before they start."""

import random
import socket
from pathlib import Path

_FIRST = 10_000
_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")  # Linux takes ports from here for outgoing connections
_USUAL_OUTGOING = 32_768


def free_port() -> int:
    """A port that nobody listens on, and that no connection takes before its server starts, or starts again."""
    chosen = random.SystemRandom()
    while True:
        port = chosen.randrange(_FIRST, _last())
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _last() -> int:
    outgoing = int(_OUTGOING.read_text().split()[0]) if _OUTGOING.exists() else _USUAL_OUTGOING
    return max(outgoing, _FIRST + 1_000)
