"""One escalation task with the verbs that its tests speak in: a case opens, somebody says something, time goes by."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.escalation.early_activity import BUDGET, Budget
from services.escalation.edition_store import EditionStore
from services.escalation.topology import SERVICE, EscalationTopology
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import ActivityRecorded, Actor, CaseRouted, ClockEvent
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, Topic
from shared.kafka import serde
from shared.kafka.record import Headers, Output, Record
from shared.kafka.serde import Envelope
from shared.policy.editions import EditionLibrary
from shared.routing.entitlement import covered, terms_of
from shared.routing.rulebook import Rulebooks
from shared.streams.state_store import StoreFactory, in_memory
from tests.harness.asking import FIELDS, MONDAY_NOON, account, request, requester
from tests.harness.decided import decided
from tests.harness.shipped import shipped_library
from tests.harness.topology_driver import TopologyDriver

LIBRARY = shipped_library("guidelines-2021")
NEXT = shipped_library("objectives-2024")
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CASE = "c0000000000000000000000000000001"


def minutes(number: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)


PARTITIONS = 6


class TaskDesk:
    """A task of escalation, with its clock at Monday noon (UTC)."""

    def __init__(
        self,
        library: EditionLibrary = LIBRARY,
        *,
        routed_by: EditionLibrary | None = None,
        make_store: StoreFactory = in_memory,
        early_budget: Budget = BUDGET,
    ) -> None:
        self.early_budget = early_budget
        self.library = library
        self.rulebooks = Rulebooks(routed_by or library)
        self.driver = TopologyDriver(self._made, service=SERVICE, now=MONDAY_NOON, make_store=make_store)
        self._activities = 0
        self.aborts = False  # whether the first try of each record's transaction is aborted

    def activity_ids_from(self, number: int) -> None:
        """The next activity has an id that no activity before it has, though another desk recorded that one."""
        self._activities = number

    # what happens

    def opens(self, case_id: str = CASE, **given: Any) -> list[str]:
        """A case is routed now (received now, unless `received_at` says otherwise); what is published at once."""
        return self._pipe(CASES, case_id, self.case(case_id, **given))

    def takes_case(self, case: CaseRouted) -> list[str]:
        """A case that was routed elsewhere; what is published at once."""
        return self._pipe(CASES, case.case_id, case)

    def takes_activity(self, activity: ActivityRecorded) -> list[str]:
        """An activity that was recorded elsewhere; what is published because of it."""
        return self._pipe(ACTIVITY, activity.case_id, activity)

    def record_activity(self, kind: str, case_id: str = CASE, **given: Any) -> list[str]:
        """Somebody does something to the case now (or `at`); what is published because of it."""
        return self._pipe(ACTIVITY, case_id, self.activity(kind, case_id, **given))

    def records_after(self, span: timedelta, kind: str, case_id: str = CASE, **given: Any) -> list[str]:
        """Somebody does something after a while in which the task did not come to fire its timers: they share its
        transaction; what is published then.
        """
        now = self.driver.now + span
        event = self.activity(kind, case_id, **({"at": now, "recorded_at": now} | given))
        return self._pipe(ACTIVITY, case_id, event, now)

    def words_of_record(self, record: Record) -> list[str]:
        """A dead letter is replayed: its record is the next one of its topic; what is published because of it."""
        return self.in_words(self.driver.pipe(record.topic, record.key, record.value, record.headers))

    def passes(self, span: timedelta) -> list[str]:
        """Time goes by, and each timer fires in its time; what is published."""
        return self.in_words(self.driver.advance_to(self.driver.now + span))

    def sleeps(self, span: timedelta) -> list[str]:
        """The task is down for so long; what is published when it is back."""
        self.driver.restart()
        return self.in_words(self.driver.sleep_until(self.driver.now + span))

    def goes_on_with(self, library: EditionLibrary) -> None:
        """The task is started again with other editions configured."""
        self.library = library
        self.driver.restart()

    # events to pipe

    def case(self, case_id: str = CASE, **given: Any) -> CaseRouted:
        """What the router says of a request. `plan` and the like describe the account, `milestones` replaces terms."""
        of_account = {name: given.pop(name) for name in ("plan", "account_type", "paid", "country") if name in given}
        of_case = {name: given.pop(name) for name in ("milestones", "policy_sha256", "calendar") if name in given}
        asked = request(**({"request_id": case_id, "received_at": self.driver.now, "requester": requester()} | given))
        rules = self.rulebooks.at(asked.received_at)
        entitlement = covered(terms_of(account(**of_account)), asked.requester, rules.edition, asked.received_at, 0)
        return decided(asked, entitlement, rules, self.driver.now, **of_case)

    def activity(self, kind: str, case_id: str = CASE, **given: Any) -> ActivityRecorded:
        """What intake says of an activity; each has an id of its own unless `activity_id` is given.

        Fields of the request may be given by their own names.
        """
        self._activities += 1
        claims = {name: given.pop(name) for name in FIELDS if name in given}
        if claims:
            given["fields"] = claims
        usual: dict[str, Any] = {
            "case_id": case_id,
            "activity_id": f"{self._activities:032x}",
            "type": kind,
            "at": self.driver.now,
            "recorded_at": self.driver.now,
            "client": "desk",
            "actor": Actor(kind="agent", id="ana"),
            "activity_digest": "as sent",
        }
        return ActivityRecorded(**(usual | given))

    # what came out

    def in_words(self, outputs: Sequence[Output] | None = None) -> list[str]:
        """Events in a few words each, such as `first_response warned 0 case_tier`; None = all so far."""
        return [words_of(event) for _, event in self.events(outputs)]

    def events(self, outputs: Sequence[Output] | None = None) -> Iterator[tuple[Envelope, Any]]:
        """Published events, typed; None = all so far."""
        for output in self.driver.produced if outputs is None else outputs:
            if output.topic == ESCALATIONS.name:
                record = Record(output.topic, 0, 0, 0, output.key, output.value, output.headers)
                yield serde.decode(record)

    @property
    def dead_letter_causes(self) -> list[str]:
        """The causes of the dead letters so far."""
        return [letter.cause for letter in self.driver.dead_letters]

    def _pipe(self, topic: Topic, case_id: str, event: Any, now: datetime | None = None) -> list[str]:
        value, headers = as_record(topic, case_id, event)
        record = self.driver.record(topic, case_id, value, headers)
        if self.aborts:
            self.driver.abort_slice([record], now)
        return self.in_words(self.driver.pipe_slice([record], now))

    def _made(self, _partition: int) -> EscalationTopology:
        return EscalationTopology(
            EditionStore(self.library),
            partitions=PARTITIONS,
            trace=lambda parent: parent or TRACEPARENT,
            early_budget=self.early_budget,
        )


def words_of(event: Any) -> str:
    """An event in a few words: milestone (and instance from the second on), what happened, what is special about it."""
    words = [event.TYPE.split(".")[2]]
    if isinstance(event, ClockEvent):
        words.insert(0, event.milestone if event.instance == 1 else f"{event.milestone}#{event.instance}")
    for name in ("met", "status", "because", "level", "called", "reason", "old", "new", "cause"):
        value = getattr(event, name, None)
        if value is not None:
            words.append({True: "in time", False: "late"}[value] if name == "met" else str(value))
    return " ".join(words)


def as_record(topic: Topic, key: str, event: Any) -> tuple[bytes, Headers]:
    """The value and headers of an event as its publisher writes it."""
    envelope = Envelope("e1", "/frontline/test", type_of(event), MONDAY_NOON, key, TRACEPARENT)
    output = serde.to_output(topic, key, envelope, wire.encode(event))
    assert output.value is not None
    return output.value, output.headers


def at(hours: float) -> datetime:
    """So many hours after the desk's clock starts."""
    return MONDAY_NOON + timedelta(hours=hours)
