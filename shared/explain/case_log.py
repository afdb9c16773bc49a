"""[pure] The records of one case, typed, in the order of the log."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.contracts.structs import ActivityRecorded, CaseRouted, EscalationEvent
from shared.contracts.topics import ACTIVITY, CASES, EDITIONS, ESCALATIONS, Topic, changelog, dead_letter
from shared.contracts.vocabulary import INTAKE_SOURCE
from shared.explain.published_editions import PublishedEditions
from shared.kafka import dead_letters, serde
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.kafka.serde import Envelope
from shared.policy.published_edition import UnusableEdition
from shared.sla import isolated_case
from shared.sla.errors import InputRefused
from shared.sla.input_checks import check_activity, check_case
from shared.sla.pinned_edition import PinnedEdition, short_of

_DEAD_LETTERS = (dead_letter(CASES), dead_letter(ACTIVITY))
TOPICS: tuple[Topic, ...] = (CASES, ACTIVITY, ESCALATIONS, *_DEAD_LETTERS, EDITIONS)

ISOLATED = changelog("escalation", isolated_case.STORE)  # has the packed id of a case as the key

Place = tuple[int, int]  # partition and offset of a record on its topic


@dataclass
class CaseLog:
    """The records of one case that escalation may have applied, in the order of the log.

    `cases` and `activity` come with their places. `published` has the editions of the log. `isolated` is what
    escalation stores of the case while it is isolated (`shared/sla/isolated_case.py`); None = it is not.
    """

    cases: list[tuple[Place, CaseRouted]] = field(default_factory=list)
    activity: list[tuple[Place, ActivityRecorded]] = field(default_factory=list)
    events: list[EscalationEvent] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    published: PublishedEditions = field(default_factory=PublishedEditions)
    isolated: bytes | None = None

    @property
    def case(self) -> CaseRouted | None:
        """The decision that opened the case: the first that escalation has not dead-lettered.

        If it has dead-lettered all of them, the first: what was decided can be explained, though no clock counts.
        """
        refused = self._dead_lettered(CASES)
        first = self.cases[0][1] if self.cases else None
        return next((case for place, case in self.cases if place not in refused), first)

    @property
    def dead_lettered_activity(self) -> set[Place]:
        """The places of the activity that escalation has dead-lettered."""
        return self._dead_lettered(ACTIVITY)

    def _dead_lettered(self, topic: Topic) -> set[Place]:
        records = (letter.record for letter in self.dead_letters)
        return {(record.partition, record.offset) for record in records if record.topic == topic.name}

    @property
    def named_editions(self) -> dict[str, str]:
        """The editions that decided the case or that it migrated to: the name of each by its digest."""
        case = self.case
        named = {} if case is None else {case.policy_sha256: case.edition}
        refused = self.dead_lettered_activity
        for place, activity in self.activity:
            if activity.type == "policy_migrated" and activity.policy_sha256 is not None and place not in refused:
                named.setdefault(activity.policy_sha256, activity.edition or "")
        return named

    def editions(self) -> dict[bytes, PinnedEdition]:
        """Those of them that are published, by how cases refer to them. Raises UnusableEdition."""
        found = [pinned for sha256 in self.named_editions if (pinned := self.published.find(sha256)) is not None]
        return {short_of(pinned.sha256): pinned for pinned in found}

    def usable_editions(self) -> dict[bytes, PinnedEdition]:
        """The same without those that cannot be used, which keep no other from being used."""
        found: dict[bytes, PinnedEdition] = {}
        for sha256 in self.named_editions:
            with suppress(UnusableEdition):
                if (pinned := self.published.find(sha256)) is not None:
                    found[short_of(pinned.sha256)] = pinned
        return found

    def take(self, record: Record) -> None:
        """Note a record of this case; one that escalation refuses is passed over, with or without its dead letter."""
        if record.topic in (topic.name for topic in _DEAD_LETTERS):
            try:
                self.dead_letters.append(dead_letters.parse(record.key, record.value, record.headers))
            except NotADeadLetter:
                return
            return
        if record.topic == ISOLATED.name:
            self.isolated = record.value
            return
        place = record.partition, record.offset
        try:
            envelope, event = serde.decode(record)
            if isinstance(event, CaseRouted) and _is_at_home(record, CASES, event.case_id):
                check_case(event)
                self.cases.append((place, event))
            elif isinstance(event, ActivityRecorded) and may_be_applied(record, envelope, event):
                self.activity.append((place, event))
            elif isinstance(event, EscalationEvent):
                self.events.append(event)
        except (PoisonRecord, InputRefused):
            return


def may_be_applied(record: Record, envelope: Envelope, activity: ActivityRecorded) -> bool:
    """Whether escalation may apply the activity of a record to its case. What it refuses unread is shown nowhere."""
    if not _is_at_home(record, ACTIVITY, activity.case_id):
        return False
    try:
        check_activity(activity, _written_at(record, envelope))
    except InputRefused:
        return False
    return True


def _is_at_home(record: Record, topic: Topic, case_id: str) -> bool:
    """Whether an event is where escalation looks for it: on its topic, under its case id."""
    return record.topic == topic.name and record.key == case_id.encode()


def _written_at(record: Record, envelope: Envelope) -> datetime:
    """The instant at which escalation asked what has happened yet, as closely as the log has it.

    Escalation may have read it later. That makes a difference only to a writer whose clocks disagree by minutes. Intake
    dates its events by the clock of the system: a test may have advanced that, and Kafka's timestamps are true time.
    """
    at = datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    dated = envelope.time if envelope.source == INTAKE_SOURCE else None
    return at if dated is None else max(at, dated)
