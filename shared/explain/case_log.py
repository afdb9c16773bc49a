"""[pure] The records of one case, typed, in the order of the log."""

from dataclasses import dataclass, field

from shared.contracts.structs import ActivityRecorded, CaseRouted, EscalationEvent, Event
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, Topic, changelog, dead_letter
from shared.kafka import dead_letters, serde
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.sla.pinned_edition import STORE, PinnedEdition, read_saved, short_of

EDITIONS = changelog("escalation", STORE)
_PUT_ASIDE = (dead_letter(CASES), dead_letter(ACTIVITY))
TOPICS: tuple[Topic, ...] = (CASES, ACTIVITY, ESCALATIONS, *_PUT_ASIDE, EDITIONS)


@dataclass
class CaseLog:
    """The records of one case, in the order of the log. `case` is the first `case.routed`, the one that counts.

    `activity` comes with its offsets. `saved` are the editions that cases of this partition pin, by key of their store.
    """

    case: CaseRouted | None = None
    activity: list[tuple[int, ActivityRecorded]] = field(default_factory=list)
    events: list[EscalationEvent] = field(default_factory=list)
    put_aside: list[DeadLetter] = field(default_factory=list)
    saved: dict[bytes, bytes] = field(default_factory=dict)

    def editions(self) -> dict[bytes, PinnedEdition]:
        """The editions that were saved, by how cases refer to them. Raises EditionUnreadable."""
        found = (read_saved(document) for document in self.saved.values())
        return {short_of(pinned.sha256): pinned for pinned in found}

    def save(self, record: Record) -> None:
        """Note a record of the changelog of editions."""
        if record.key is not None and record.value is not None and not record.key.startswith(b"\x00"):
            self.saved[record.key] = record.value

    def take(self, record: Record) -> None:
        """Note a record of this case; one that is no event is passed over, for the service has put it aside."""
        if record.topic in (topic.name for topic in _PUT_ASIDE):
            try:
                self.put_aside.append(dead_letters.parse(record.key, record.value, record.headers))
            except NotADeadLetter:
                return
            return
        try:
            event: Event = serde.decode(record)[1]
        except PoisonRecord:
            return
        if isinstance(event, CaseRouted):
            self.case = self.case or event
        elif isinstance(event, ActivityRecorded):
            self.activity.append((record.offset, event))
        elif isinstance(event, EscalationEvent):
            self.events.append(event)
