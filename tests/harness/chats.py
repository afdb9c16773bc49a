"""Chats in memory: requests on the live chat of the edition, decided, with what was said since."""

from datetime import datetime
from typing import Any

from services.intake.editions import Editions
from services.intake.recent_cases import RecentCases
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import (
    ActivityRecorded,
    Actor,
    CaseRouted,
    EscalationEvent,
    Event,
    SupportRequestSubmitted,
)
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, Topic
from shared.contracts.vocabulary import ActivityType
from shared.kafka import serde
from shared.kafka.record import Record
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.routing.entitlement import covered, terms_of
from shared.routing.rulebook import Rulebook
from tests.harness.asking import MONDAY_NOON, account, request
from tests.harness.decided import decided, published
from tests.harness.shipped import shipped_edition

RULES = Rulebook(shipped_edition("guidelines-2021"))


def decided_chat(asked: SupportRequestSubmitted) -> CaseRouted:
    """The decision on a request, for a Premier+ account, in the instant in which it was received."""
    at = asked.received_at
    return decided(asked, covered(terms_of(account()), asked.requester, RULES.edition, at, 0), RULES, at)


class Chats:
    """The views of an intake that reads what happens to chats, with its clock at `now`."""

    def __init__(self) -> None:
        self.now = MONDAY_NOON
        self.cases = RecentCases(100_000_000)
        self.editions = Editions(EditionLibrary.single(shipped_edition("guidelines-2021")))
        self._number = 0

    def routed(self, case_id: str, at: datetime | None = None, channel: str = "chat", **asked: Any) -> CaseRouted:
        """A customer has handed over to an agent, and the router has decided."""
        at = at or self.now
        sent = request(request_id=case_id, channel=channel, received_at=at, subject=f"About {case_id}", **asked)
        self.cases.submitted(sent)
        case = decided_chat(sent)
        self._take(CASES, case_id, case)
        return case

    def activity(self, case_id: str, kind: ActivityType, by: str = "desk-7", **given: Any) -> None:
        """Somebody does something to a case."""
        self._number += 1
        actor = Actor(kind="customer" if kind == "customer_replied" else "agent", id=by)
        usual: dict[str, Any] = {
            "activity_id": f"a{self._number:05}",
            "at": self.now,
            "recorded_at": self.now,
            "client": "portal",
            "actor": actor,
        }
        event = ActivityRecorded(case_id=case_id, type=kind, **(usual | given))
        self._take(ACTIVITY, case_id, event)

    def escalation(self, event: EscalationEvent) -> None:
        """Escalation publishes something."""
        self._take(ESCALATIONS, event.case_id, event)

    def publish(self, edition: Edition) -> None:
        """An edition is in the log."""
        output = published(edition)
        self.editions.take(Record(output.topic, 0, 0, 0, output.key, output.value, output.headers))

    def _take(self, topic: Topic, case_id: str, event: Event) -> None:
        self._number += 1
        envelope = serde.Envelope(f"e{self._number}", "/test", type_of(event), self.now, case_id, None)
        output = serde.to_output(topic, case_id, envelope, wire.encode(event))
        stamp = int(self.now.timestamp() * 1000)
        self.cases.take(Record(topic.name, 0, self._number, stamp, output.key, output.value, output.headers))
