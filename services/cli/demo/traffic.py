"""[pure] The requests of the demo: a full coverage of plans, roles and channels, and a varied stream to watch."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from typing import Any

from services.cli.demo_accounts import DEMO_ACCOUNTS, PLANS
from shared.policy.model import Edition
from shared.policy.request_words import wrong_words

# The scenario: the words of the shipped editions that the requests use.
ROLES = ("owner", "admin", "member")
STAFFED = ("web_ticket", "chat", "phone")
BILLING, PHONE = "billing", "phone"
CHANNELS = ("help_center", "bot", "community", BILLING, "social", "chat", "web_ticket", PHONE)
MOST_URGENT = "P1"
# What a customer states, by the priority that the shipped editions derive from it.
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

    def make(self, plan: str, role: str, licensed: bool, channel: str, priority: str) -> Ask:
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
            "fields": {
                **next(self._impacts[priority]),
                "request_type": "billing" if channel == BILLING else "technical",
            },
            "language": "es" if self._made % 2 else "en",
        }
        if channel == PHONE and self._made % 3:
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
    who = (("admin", True), ("member", False))
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


def unknown_words(edition: Edition) -> list[str]:
    """The words of the scenario that `edition` does not know, so that the demo's requests would be refused."""
    missing = [plan for plan in PLANS if plan not in edition.plans]
    missing += [
        account["account_type"]
        for account in DEMO_ACCOUNTS.values()
        if account["account_type"] not in edition.account_types
    ]
    for ask in coverage("check"):
        words = {"channel": ask.body["channel"], "fields": ask.body["fields"], "role": ask.body["requester"]["role"]}
        missing += [wrong.place for wrong in wrong_words(edition, **words)]
        missing += () if ask.expected_priority in edition.priorities else (ask.expected_priority,)
    return list(dict.fromkeys(missing))
