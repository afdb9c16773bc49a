"""Liveness, readiness and metrics over HTTP, the same three routes for every service."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

LIVEZ, READYZ, METRICS = "/livez", "/readyz", "/metrics"
HEALTH_PATHS = frozenset({LIVEZ, READYZ, METRICS})


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold before a service takes work, and what it is waiting for if it does not."""

    ready: bool
    detail: str


class Readiness:
    """Named checks; the service is ready when there is at least one and all of them hold."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def set(self, name: str, ready: bool, detail: str = "") -> None:
        """Record how `name` stands now; `detail` says in a few words what is missing, or what was reached."""
        self._checks[name] = Check(ready, detail)

    def forget(self, name: str) -> None:
        """A check that no longer applies, such as a partition that another instance has taken over."""
        self._checks.pop(name, None)

    @property
    def ready(self) -> bool:
        """Whether the service may be given work."""
        return bool(self._checks) and all(check.ready for check in self._checks.values())

    def report(self) -> dict[str, Any]:
        """What `/readyz` answers: the verdict and every check with its detail."""
        return {
            "ready": self.ready,
            "checks": {name: {"ready": c.ready, "detail": c.detail} for name, c in sorted(self._checks.items())},
        }


def ops_routes(readiness: Readiness) -> list[tuple[str, AsgiApp]]:
    """`/livez` (the process answers; never asks Kafka), `/readyz` (200 or 503 with the checks) and `/metrics`."""

    async def livez(_scope: Scope, _receive: Receive, send: Send) -> None:
        await _answer(send, 200, b'{"live":true}')

    async def readyz(_scope: Scope, _receive: Receive, send: Send) -> None:
        await _answer(send, 200 if readiness.ready else 503, msgspec.json.encode(readiness.report()))

    async def metrics(_scope: Scope, _receive: Receive, send: Send) -> None:
        await _answer(send, 200, generate_latest(REGISTRY), CONTENT_TYPE_LATEST)

    return [(LIVEZ, livez), (READYZ, readyz), (METRICS, metrics)]


async def not_found(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The application of a service without HTTP of its own: every path is 404."""
    await _answer(send, 404, b'{"status":404}')


async def _answer(send: Send, status: int, body: bytes, content_type: str = "application/json") -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
