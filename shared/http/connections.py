"""The open connections of one server: who gets a place, who only the reserve, and who has to give way there."""

from collections import Counter
from ipaddress import IPv6Network
from typing import Protocol

from prometheus_client import Gauge

from shared.http.limits import HttpLimits
from shared.http.refusals import CLIENT_SHARE, REFUSED, TOO_MANY_CONNECTIONS, Refusal
from shared.observability import logs

OPEN = Gauge("frontline_http_connections", "Connections that are open, by place: regular or reserve", ["place"])
QUIET_SECONDS = 60.0  # without a refusal, after which the next one is logged again

_log = logs.get_logger()


class Connection(Protocol):
    """What the reserve knows of a connection."""

    @property
    def is_arriving(self) -> bool:
        """Whether the server still waits for its request."""

    def give_way(self) -> None:
        """Refuse it and close it: the reserve needs its place."""


class Connections:
    """Counts connections, in all and by client.

    Beyond the limit, or its client's share, a connection gets a place in the reserve, where only health is answered.
    When the reserve is full, the oldest connection there whose request has not arrived gives way. A probe sends its
    request at once, so silent connections cannot keep it out.
    """

    def __init__(self, limits: HttpLimits) -> None:
        self._limits = limits
        self._regular: dict[Connection, str] = {}  # with its client
        self._of_client: Counter[str] = Counter()
        self._reserve: dict[Connection, None] = {}  # the oldest first
        self._last_refused: dict[str, float] = {}

    def admit(self, connection: Connection, client: str) -> Refusal | None:
        """Give it a regular place; or return why it gets none."""
        if len(self._regular) >= self._limits.connections:
            return TOO_MANY_CONNECTIONS
        if self._of_client[client] >= self._limits.per_client:
            return CLIENT_SHARE
        self._regular[connection] = client
        self._of_client[client] += 1
        OPEN.labels("regular").inc()
        return None

    def hand_over(self, connection: Connection, successor: Connection) -> None:
        """Give the regular place of `connection` to `successor`, which goes on with it in another protocol."""
        self._regular[successor] = self._regular.pop(connection)

    def reserve(self, connection: Connection) -> bool:
        """Give it a place in the reserve. False where all there have sent their request and wait for its answer."""
        if len(self._reserve) >= self._limits.reserve:
            oldest = next((other for other in self._reserve if other.is_arriving), None)
            if oldest is None:
                return False
            self.leave(oldest)
            oldest.give_way()
        self._reserve[connection] = None
        OPEN.labels("reserve").inc()
        return True

    def leave(self, connection: Connection) -> None:
        """It is closed. May be called twice."""
        client = self._regular.pop(connection, None)
        if client is not None:
            OPEN.labels("regular").dec()
            self._of_client[client] -= 1
            if not self._of_client[client]:
                del self._of_client[client]
        elif connection in self._reserve:
            del self._reserve[connection]
            OPEN.labels("reserve").dec()

    def count(self, refusal: Refusal, client: str, now: float) -> None:
        """Count what was refused. The first connection refused for a limit is logged, and again after a quiet minute.

        `now` is monotonic.
        """
        REFUSED.labels(refusal.reason).inc()
        if refusal not in (TOO_MANY_CONNECTIONS, CLIENT_SHARE):
            return
        last = self._last_refused.get(refusal.reason)
        self._last_refused[refusal.reason] = now
        if last is None or now - last > QUIET_SECONDS:
            _log.warning(
                "More connections than allowed: further ones get 503, except for health",
                action="http.connections_refused",
                reason=refusal.reason,
                client=client,
                limit=self._limits.connections,
                per_client=self._limits.per_client,
            )


def client_of(host: str | None) -> str:
    """Who a peer's address stands for: an IPv4 address itself, an IPv6 address its /64, which one client has whole."""
    if host is None or ":" not in host:
        return host or ""
    return str(IPv6Network((host.partition("%")[0], 64), strict=False))
