"""Both services on a log without Kafka: requests and activity go in, tasks take them slice by slice, and all that was
written is a recorded log, as `frontline replay` reads it.

Time is what the test says. Offsets have gaps, as control markers leave them; positions and slices are those of tasks.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from services.escalation.edition_store import EditionStore
from services.escalation.topology import EscalationTopology
from services.replay.recorded_log import SOURCES, Extent, Place, RecordedLog
from services.router.topology import RouterTopology
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import Account, ActivityRecorded, Actor, EntitlementWithdrawn, Event
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, ESCALATIONS, REQUESTS, Topic
from shared.kafka import serde
from shared.kafka.partitioning import partition_for, partitioner
from shared.kafka.record import Headers, Output, Record
from shared.kafka.serde import Envelope
from shared.policy.editions import EditionLibrary
from shared.routing.rulebook import Rulebooks
from shared.streams.processor import Processor
from shared.streams.task_state import TIMERS_PER_SLICE
from tests.harness.asking import FIELDS, MONDAY_NOON, entitlement_set, request
from tests.harness.topology_driver import TopologyDriver

_TRACE = "0af7651916cd43dd8448eb211c80319c"
TICK = timedelta(microseconds=1)
SINKS = (CASES.name, ESCALATIONS.name)


class Recording:
    """Intake, router and escalation on topics of `partitions` partitions, and the log that they leave."""

    def __init__(
        self, library: EditionLibrary, *, routed_by: EditionLibrary | None = None, partitions: int = 2
    ) -> None:
        self.partitions = partitions
        self.now = MONDAY_NOON
        self.records: dict[Place, list[Record]] = defaultdict(list)
        self.library = library  # of escalation; another one counts from the next restart on
        self._rulebooks = Rulebooks(routed_by or library)
        self._ends: dict[Place, int] = defaultdict(int)
        self._written = 0
        self._spans = 0
        partition_of = partitioner(partitions)
        made: dict[str, Callable[[int], Processor]] = {"router": self._router, "escalation": self._escalation}
        self.tasks = {
            (name, partition): TopologyDriver(make, partition, service=name, now=self.now, partition_of=partition_of)
            for name, make in made.items()
            for partition in range(partitions)
        }

    # what goes in

    def sets_entitlement(self, account: Account, set_at: datetime | None = None) -> None:
        """The billing system sets the entitlement of an account, by default as of now."""
        self.write(ENTITLEMENTS, account.account_id, entitlement_set(account, set_at or self.now))

    def withdraws(self, account_id: str, at: datetime | None = None) -> None:
        """An account's entitlement ends, by default now: an event, then a tombstone."""
        self.write(ENTITLEMENTS, account_id, EntitlementWithdrawn(account_id=account_id, withdrawn_at=at or self.now))
        self.write_bytes(ENTITLEMENTS, account_id.encode(), None)

    def asks(self, number: int = 1, **given: Any) -> str:
        """A request is submitted now; returns its id."""
        request_id = f"{number:032x}"
        event = request(**({"request_id": request_id, "received_at": self.now} | given))
        self.write(REQUESTS, event.account_id or event.request_id, event)
        return request_id

    def record_activity(self, kind: str, case_id: str, **given: Any) -> None:
        """Somebody does something to a case now; with another `key` it is filed where it does not belong.

        Fields of the request may be given by their own names.
        """
        key = given.pop("key", case_id)
        claims = {name: given.pop(name) for name in FIELDS if name in given}
        if claims:
            given["fields"] = claims
        self._written += 1
        usual: dict[str, Any] = {
            "case_id": case_id,
            "activity_id": f"{self._written:032x}",
            "type": kind,
            "at": self.now,
            "recorded_at": self.now,
            "client": "desk",
            "actor": Actor(kind="agent", id="desk"),
            "activity_digest": "as sent",
        }
        self.write(ACTIVITY, key, ActivityRecorded(**(usual | given)))

    def write(self, topic: Topic, key: str, event: Event) -> None:
        """One event, as intake writes it."""
        self._spans += 1
        trace = f"00-{_TRACE}-{self._spans:016x}-01"
        envelope = Envelope(f"e{self._spans}", "/frontline/intake", type_of(event), self.now, key, trace)
        output = serde.to_output(topic, key, envelope, wire.encode(event))
        self.write_bytes(topic, key.encode(), output.value, output.headers)

    def write_bytes(
        self, topic: Topic, key: bytes | None, value: bytes | None, headers: Headers = (), partition: int | None = None
    ) -> None:
        """One record, whatever it is."""
        if partition is None:
            partition = partition_for(key or b"", self.partitions)
        self._append(Output(topic.name, key, value, headers, partition))

    # what the services do

    def waits(self, span: timedelta) -> None:
        """Nothing happens for a while, and no task gets its turn."""
        self.now += span

    def runs(self, *, at_most: int | None = None, service: str | None = None) -> None:
        """Each task takes what there is in one slice; the router first, then escalation."""
        for name, partition in self.tasks:
            if service in (None, name):
                self.slice(name, partition, at_most=at_most)

    def slice(
        self,
        service: str,
        partition: int,
        *,
        at_most: int | None = None,
        abort: bool = False,
        timers: int = TIMERS_PER_SLICE,
    ) -> None:
        """One task takes one slice now, of at most so many records of each source, after at most so many timers; or
        tries to, and is aborted.
        """
        task = self.tasks[service, partition]
        waiting = [self._waiting(task, topic)[:at_most] for topic in SOURCES[service]]
        records = list(chain(*waiting))
        if abort:
            task.abort_slice(records, self.now)
        else:
            self._commit(task.pipe_slice(records, self.now, timers=timers), partition)

    def refuses(self, service: str, partition: int, *, by_reference: bool = False) -> None:
        """The broker refuses what the next record of one task makes it say, or the whole of its dead letter as well."""
        task = self.tasks[service, partition]
        record = next(chain(*(self._waiting(task, topic) for topic in SOURCES[service])), None)
        if record is not None and any(output.topic in SINKS for output in task.abort_slice([record], self.now)):
            self._commit(task.refuse(record, self.now, by_reference=by_reference), partition)

    def passes(self, span: timedelta) -> None:
        """Time goes by, and each timer fires in its time."""
        until = self.now + span
        while (due := min((d for t in self.tasks.values() if (d := t.next_due) is not None), default=None)) is not None:
            if due >= until:
                break
            self.now = max(self.now, due + TICK)
            for (_, partition), task in self.tasks.items():
                if task.next_due is not None and task.next_due < self.now:
                    self._commit(task.pipe_slice([], self.now), partition)
        self.now = until

    def restarts(self, service: str | None = None) -> None:
        """kill -9, and taking over."""
        for (name, _), task in self.tasks.items():
            if service in (None, name):
                task.restart()

    # what it leaves

    def log(self, *, consumed: bool = True, starts: dict[str, dict[int, int]] | None = None) -> RecordedLog:
        """The log as it is now."""
        extent = Extent(self.partitions, starts or {}, self.consumed() if consumed else {})
        return log_of(extent, self.all_records())

    def all_records(self) -> list[Record]:
        """Everything, by topic, partition and offset."""
        return [*chain(*self.records.values())]

    def consumed(self) -> dict[str, dict[str, dict[int, int]]]:
        """The committed offsets of the groups."""
        found: dict[str, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
        for (name, partition), task in self.tasks.items():
            for topic, position in task.positions.items():
                found[name][topic][partition] = position
        return {name: dict(topics) for name, topics in found.items()}

    def published(self, topic: Topic) -> list[Record]:
        """The events of a topic, by partition."""
        return list(chain(*(self.records[topic.name, partition] for partition in range(self.partitions))))

    @property
    def events(self) -> int:
        """How many events both services have published."""
        return len(self.published(CASES)) + len(self.published(ESCALATIONS))

    def _waiting(self, task: TopologyDriver, topic: Topic) -> list[Record]:
        position = task.positions.get(topic.name, 0)
        return [record for record in self.records[topic.name, task.partition] if record.offset >= position]

    def _commit(self, outputs: Sequence[Output], partition: int) -> None:
        touched = set()
        for output in outputs:
            touched.add(self._append(output, partition))
        for place in touched:
            self._ends[place] += 1  # the marker of the transaction

    def _append(self, output: Output, partition: int = 0) -> Place:
        place = (output.topic, partition if output.partition is None else output.partition)
        at = round(self.now.timestamp() * 1000)
        self.records[place].append(Record(*place, self._ends[place], at, output.key, output.value, output.headers))
        self._ends[place] += 1
        return place

    def _router(self, _partition: int) -> RouterTopology:
        return RouterTopology(self._rulebooks, partitions=self.partitions, trace=self._child)

    def _escalation(self, _partition: int) -> EscalationTopology:
        return EscalationTopology(EditionStore(self.library), partitions=self.partitions, trace=self._child)

    def _child(self, _parent: str | None) -> str:
        self._spans += 1
        return f"00-{_TRACE}-{self._spans:016x}-01"


def log_of(extent: Extent, records: Iterable[Record]) -> RecordedLog:
    """A log of these records, whatever their order."""
    log = RecordedLog(extent)
    for record in sorted(records, key=lambda record: (record.topic, record.partition, record.offset)):
        log.add(record)
    return log
