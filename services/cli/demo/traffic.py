"""[pure] What the demo asks: a full cover of who may ask where, and a varied stream to look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from typing import Any

from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.contracts.vocabulary import CHANNELS, PLANS, ROLES, Channel, Plan, Role

# What a customer says, by the priority that both shipped editions make of it.
_SAYS: dict[str, tuple[dict[str, str], ...]] = {
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


class _Asker:
    """Makes asks that differ in account, wording and country, the same ones in every run."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._made = 0
        self._accounts = {
            plan: cycle([name for name, account in DEMO_ACCOUNTS.items() if account["plan"] == plan]) for plan in PLANS
        }
        self._says = {priority: cycle(says) for priority, says in _SAYS.items()}

    def ask(self, plan: Plan, role: Role, licensed: bool, channel: Channel, priority: str) -> Ask:
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
            **next(self._says[priority]),
        }
        if channel == "phone" and self._made % 3:
            body["phone"] = {"meeting_id": "555 0100 000", "host_key": "000000"}
        return Ask(f"{self._run}-{self._made}", body, priority)


def coverage(run: str) -> list[Ask]:
    """216 asks: every plan x role x licence x channel, and every plan x priority on each staffed channel.

    `run` goes into the idempotency keys, so that a second run on the same log asks anew.
    """
    asker = _Asker(run)
    priorities = cycle(_SAYS)
    asks = [
        asker.ask(plan, role, licensed, channel, next(priorities))
        for plan, role, licensed, channel in product(PLANS, ROLES, (True, False), CHANNELS)
    ]
    who: tuple[tuple[Role, bool], ...] = (("admin", True), ("member", False))
    asks += [
        asker.ask(plan, role, licensed, channel, priority)
        for plan, priority, channel, (role, licensed) in product(PLANS, _SAYS, STAFFED, who)
    ]
    return asks


def varied(run: str) -> Iterator[Ask]:
    """An endless stream in which neighbours differ; staffed channels, where promises are made, come more often."""
    asker = _Asker(run)
    # A stride that shares no factor with the table's length visits every row before any comes again.
    table = list(product(PLANS, ROLES, (True, False), CHANNELS + STAFFED * 3, _SAYS))
    stride, at = 485, 0
    while True:
        plan, role, licensed, channel, priority = table[at % len(table)]
        yield asker.ask(plan, role, licensed, channel, priority)
        at += stride
