"""[pure] The requests of the demo: a full coverage of plans, roles and channels, and a varied stream to watch."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from typing import Any

from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.contracts.vocabulary import CHANNELS, PLANS, ROLES, Channel, Plan, Role

# What a customer states, by the priority that both shipped editions derive from it.
_IMPACTS: dict[str, tuple[dict[str, str], ...]] = {
    "P1": (
        {"impact": "down", "workaround": "none", "environment": "production"},
        {"impact": "critical", "workaround": "none", "environment": "production"},
        {"impact": "severely_degraded", "workaround": "none", "environment": "production"},
    ),
    "P2": (
        {"impact": "significant", "workaround": "none", "environment": "production"},
        {"impact": "down", "workaround": "partial", "environment": "production"},
    ),
    "P3": (
        {"impact": "general", "workaround": "none", "environment": "production"},
        {"impact": "critical", "workaround": "full", "environment": "production"},
    ),
    "P4": (
        {"impact": "information", "workaround": "none", "environment": "production"},
        {"impact": "down", "workaround": "none", "environment": "beta"},
    ),
}
STAFFED: tuple[Channel, ...] = ("web_ticket", "chat", "phone")  # in every edition that ships
_SUBJECTS = {
    "P1": "Nobody can join a meeting",
    "P2": "Recordings take an hour to appear",
    "P3": "The calendar add-in shows the wrong room",
    "P4": "How do we set up single sign-on?",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of the demo: `body` is that of POST /v1/support-requests, `key` its Idempotency-Key."""

    key: str
    body: dict[str, Any]
    expected_priority: str


class _AskFactory:
    """Makes requests that differ in account, wording and country; the same ones in every run."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._made = 0
        self._accounts = {
            plan: cycle([name for name, account in DEMO_ACCOUNTS.items() if account["plan"] == plan]) for plan in PLANS
        }
        self._impacts = {priority: cycle(impacts) for priority, impacts in _IMPACTS.items()}

    def make(self, plan: Plan, role: Role, licensed: bool, channel: Channel, priority: str) -> Ask:
        self._made += 1
        body: dict[str, Any] = {
            "account_id": next(self._accounts[plan]),
            "requester": {
                "requester_id": f"{role}-{'licensed' if licensed else 'unlicensed'}",
                "role": role,
                "licensed": licensed,
            },
            "channel": channel,
            "subject": _SUBJECTS[priority],
            "description": f"{_SUBJECTS[priority]} (demo request {self._made}).",
            "request_type": "billing" if channel == "billing" else "technical",
            "language": "es" if self._made % 2 else "en",
            **next(self._impacts[priority]),
        }
        if channel == "phone" and self._made % 3:
            body["phone"] = {"meeting_id": "555 0100 000", "host_key": "000000"}
        return Ask(f"{self._run}-{self._made}", body, priority)


def coverage(run: str) -> list[Ask]:
    """216 requests: every plan x role x licence x channel, and every plan x priority on each staffed channel.

    `run` is part of the idempotency keys, so that a second run on the same log makes new requests.
    """
    factory = _AskFactory(run)
    priorities = cycle(_IMPACTS)
    asks = [
        factory.make(plan, role, licensed, channel, next(priorities))
        for plan, role, licensed, channel in product(PLANS, ROLES, (True, False), CHANNELS)
    ]
    who: tuple[tuple[Role, bool], ...] = (("admin", True), ("member", False))
    asks += [
        factory.make(plan, role, licensed, channel, priority)
        for plan, priority, channel, (role, licensed) in product(PLANS, _IMPACTS, STAFFED, who)
    ]
    return asks


def varied(run: str) -> Iterator[Ask]:
    """An endless stream of varied requests; staffed channels, which have promises, are more frequent."""
    factory = _AskFactory(run)
    # The stride shares no factor with the table's length: it visits every row before it repeats one.
    table = list(product(PLANS, ROLES, (True, False), CHANNELS + STAFFED * 3, _IMPACTS))
    stride, at = 485, 0
    while True:
        plan, role, licensed, channel, priority = table[at % len(table)]
        yield factory.make(plan, role, licensed, channel, priority)
        at += stride
