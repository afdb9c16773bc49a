"""[pure] The records of one case, typed, in the order of the log."""

from dataclasses import dataclass, field

from shared.contracts.structs import ActivityRecorded, CaseRouted, EscalationEvent, Event
from shared.contracts.topics import ACTIVITY, CASES, EDITIONS, ESCALATIONS, Topic, dead_letter
from shared.explain.published_editions import PublishedEditions
from shared.kafka import dead_letters, serde
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.sla.pinned_edition import PinnedEdition, short_of

_DEAD_LETTERS = (dead_letter(CASES), dead_letter(ACTIVITY))
TOPICS: tuple[Topic, ...] = (CASES, ACTIVITY, ESCALATIONS, *_DEAD_LETTERS, EDITIONS)


@dataclass
class CaseLog:
    """The records of one case, in the order of the log. `case` is the first `case.routed`, the one that counts.

    `activity` comes with its offsets. `published` has the editions of the log.
    """

    case: CaseRouted | None = None
    activity: list[tuple[int, ActivityRecorded]] = field(default_factory=list)
    events: list[EscalationEvent] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    published: PublishedEditions = field(default_factory=PublishedEditions)

    @property
    def dead_lettered_activity(self) -> set[int]:
        """The offsets of the activity that escalation has dead-lettered."""
        return {letter.record.offset for letter in self.dead_letters if letter.record.topic == ACTIVITY.name}

    @property
    def named_editions(self) -> dict[str, str]:
        """The editions that decided the case or that it migrated to: the name of each by its digest."""
        named = {} if self.case is None else {self.case.policy_sha256: self.case.edition}
        refused = self.dead_lettered_activity
        for offset, activity in self.activity:
            if activity.type == "policy_migrated" and activity.policy_sha256 is not None and offset not in refused:
                named.setdefault(activity.policy_sha256, activity.edition or "")
        return named

    def editions(self) -> dict[bytes, PinnedEdition]:
        """Those of them that are published, by how cases refer to them. Raises UnusableEdition."""
        found = [pinned for sha256 in self.named_editions if (pinned := self.published.find(sha256)) is not None]
        return {short_of(pinned.sha256): pinned for pinned in found}

    def take(self, record: Record) -> None:
        """Note a record of this case; one that is no event is passed over: the service has dead-lettered it."""
        if record.topic in (topic.name for topic in _DEAD_LETTERS):
            try:
                self.dead_letters.append(dead_letters.parse(record.key, record.value, record.headers))
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
