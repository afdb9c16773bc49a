"""Limits of an HTTP server: how many connections it takes, and how long and how large a request may be in arriving.

A process that has used up its file descriptors can accept nothing, not even a health probe. So the number of
connections follows from what the process may open, less what it needs for itself, less a reserve for health. The
constants are the only place of the numbers: the server, its refusals and, by a test, the pages take them from here.
"""

import resource
from dataclasses import dataclass

OWN_FILES = 64  # of the process: Kafka's connections, the listener, the log, and files that are read at times
RESERVE = 16  # connections beyond the limit, which are answered health and otherwise 503
MOST_CONNECTIONS = 4_096  # by default: each may hold some 100 KiB of a request that arrives
FEWEST_CONNECTIONS = 16
TASK_SERVICE_CONNECTIONS = 128  # of services that only probes and scrapers call, such as the router
HEAD_SECONDS = 10.0
HEAD_BYTES = 32 * 1024
HEAD_FIELDS = 100
BODY_SECONDS = 30.0
SEND_SECONDS = 30.0  # a client that takes nothing of what is sent to it for so long is disconnected
KEEP_ALIVE_SECONDS = 30
MESSAGE_BYTES = 64 * 1024  # of a WebSocket, in however many frames
PING_SECONDS = 20.0  # from one ping of a WebSocket to the next
PONG_SECONDS = 20.0  # a client that has not answered a ping for so long is disconnected
PIPELINED = 32  # requests that arrived behind the one that is being answered
RETRY_AFTER_SECONDS = 10  # that a client is asked to wait for a connection


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one server allows. `connections` of all clients together, of which `per_client` from one address."""

    connections: int
    per_client: int
    reserve: int = RESERVE
    head_seconds: float = HEAD_SECONDS
    head_bytes: int = HEAD_BYTES
    head_fields: int = HEAD_FIELDS
    body_seconds: float = BODY_SECONDS
    send_seconds: float = SEND_SECONDS
    keep_alive_seconds: int = KEEP_ALIVE_SECONDS
    pipelined: int = PIPELINED
    message_bytes: int = MESSAGE_BYTES
    ping_seconds: float = PING_SECONDS
    pong_seconds: float = PONG_SECONDS


def open_files() -> int | None:
    """How many files this process may have open (`ulimit -n`); None = no limit."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def possible_connections() -> int | None:
    """How many connections this process can have beside the reserve and its own files; None = no limit."""
    files = open_files()
    return None if files is None else max(FEWEST_CONNECTIONS, files - OWN_FILES - RESERVE)


def http_limits(
    connections: int | None = None, per_client: int | None = None, at_most: int = MOST_CONNECTIONS
) -> HttpLimits:
    """The limits of this process. Without `connections`, as many as it may open, up to `at_most`.

    Without `per_client`, one address gets half of them.
    """
    if connections is None:
        possible = possible_connections()
        connections = at_most if possible is None else min(at_most, possible)
    share = max(1, connections // 2) if per_client is None else min(per_client, connections)
    return HttpLimits(connections, share)
