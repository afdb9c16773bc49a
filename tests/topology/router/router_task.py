"""A router task, with the verbs that its tests speak in."""

from datetime import timedelta
from typing import Any

from services.router.topology import RouterTopology
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import CaseRouted, EntitlementSet, EntitlementWithdrawn, Event
from shared.contracts.topics import CASES, ENTITLEMENTS, REQUESTS, Topic
from shared.contracts.vocabulary import INTAKE_SOURCE
from shared.kafka import serde
from shared.kafka.record import Headers, Output, Record
from shared.kafka.serde import Envelope
from shared.routing.rulebook import Rulebooks, Rules
from tests.harness.asking import MONDAY_NOON, request
from tests.harness.shipped import shipped_library
from tests.harness.topology_driver import TopologyDriver

PARTITIONS = 6
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)
RULEBOOKS = Rulebooks(shipped_library("guidelines-2021"))


class Router:
    """A router task, with the verbs that its tests speak in."""

    def __init__(self, rules: Rules = RULEBOOKS) -> None:
        self.resubmitted = 0
        self.superseded: list[Record] = []
        self._rules = rules
        self.driver = TopologyDriver(self._made, service="router", now=MONDAY_NOON)

    def sets_entitlement(
        self, event: EntitlementSet | EntitlementWithdrawn, account_id: str = "acme", source: str = INTAKE_SOURCE
    ) -> None:
        """The entitlement topic says something about an account."""
        self.driver.pipe(ENTITLEMENTS, account_id, *as_record(ENTITLEMENTS, account_id, event, source))

    def tombstone(self, account_id: str = "acme") -> None:
        """A tombstone, so that compaction deletes the account."""
        self.driver.pipe(ENTITLEMENTS, account_id, None)

    def asked(self, key: str | None = None, **given: Any) -> CaseRouted | None:
        """A request arrives when it was received, or now if that is past; returns what was decided."""
        event = request(**given)
        self.driver.advance_to(max(self.driver.now, event.received_at))
        outputs = self._pipe(REQUESTS, key or event.account_id or event.request_id, event)
        cases = [output for output in outputs if output.topic == CASES.name]
        assert len(cases) <= 1
        return case_of(cases[0]) if cases else None

    @property
    def dead_letter_causes(self) -> list[str]:
        """The causes of the dead letters so far."""
        return [letter.cause for letter in self.driver.dead_letters]

    def _pipe(self, topic: Topic, key: str, event: Event) -> list[Output]:
        return self.driver.pipe(topic, key, *as_record(topic, key, event))

    def _made(self, _partition: int) -> RouterTopology:
        return RouterTopology(
            self._rules,
            partitions=PARTITIONS,
            trace=lambda parent: f"child of {parent}",
            resubmitted=self._count,
            superseded=self.superseded.append,
        )

    def _count(self) -> None:
        self.resubmitted += 1


def as_record(topic: Topic, key: str, event: Event, source: str = INTAKE_SOURCE) -> tuple[bytes, Headers]:
    """The value and headers of an event as its publisher writes it."""
    envelope = Envelope("e1", source, type_of(event), MONDAY_NOON, key, TRACEPARENT)
    output = serde.to_output(topic, key, envelope, wire.encode(event))
    assert output.value is not None
    return output.value, output.headers


def read(output: Output) -> tuple[Envelope, CaseRouted]:
    """A case as its readers see it."""
    record = Record(output.topic, output.partition or 0, 0, 0, output.key, output.value, output.headers)
    envelope, data = serde.read(record)
    return envelope, wire.decode(CaseRouted, data)


def case_of(output: Output) -> CaseRouted:
    """The data of a case."""
    return read(output)[1]


def withdrawn(account_id: str = "acme") -> EntitlementWithdrawn:
    """The event that ends an entitlement."""
    return EntitlementWithdrawn(account_id=account_id, withdrawn_at=MONDAY_NOON)
