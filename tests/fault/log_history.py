"""[pure] The log of all topics and the client's history, arranged for the checker."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from shared.contracts.topics import ACTIVITY, CASES, DEAD_LETTER_SUFFIX, ENTITLEMENTS, ESCALATIONS, REQUESTS
from shared.kafka import dead_letters, serde
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from tests.fault.client_history import Call

Place = tuple[str, int, int]  # topic, partition, offset


class Logged(NamedTuple):
    """An event with its place in the log and its identity, (source, id)."""

    place: Place
    identity: tuple[str, str]
    event: Any

    @property
    def offset(self) -> int:
        """Its offset."""
        return self.place[2]


@dataclass
class History:
    """What the checker reads. `seen` has the true time at which an observer read an escalation event.

    `ended` is the true time at which the reading of the log began, after all faults had ended. `consumed` has the
    committed offsets of the services' groups, by topic and partition.
    """

    calls: Sequence[Call]
    ended: datetime
    seen: Mapping[Place, datetime] = field(default_factory=dict)
    consumed: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    requests: list[Logged] = field(default_factory=list)
    entitlements: list[Logged] = field(default_factory=list)
    cases: list[Logged] = field(default_factory=list)
    activities: list[Logged] = field(default_factory=list)
    escalations: list[Logged] = field(default_factory=list)
    dead_letters: dict[Place, DeadLetter] = field(default_factory=dict)  # by the place of the source record
    repeated_dead_letters: list[Place] = field(default_factory=list)
    unreadable: list[Place] = field(default_factory=list)

    def escalations_by_case(self) -> dict[str, list[Logged]]:
        """The escalation events of each case, in the order of the log."""
        found: dict[str, list[Logged]] = defaultdict(list)
        for logged in self.escalations:
            found[logged.event.case_id].append(logged)
        return found

    def activities_by_case(self) -> dict[str, list[Logged]]:
        """The activities of each case in the order of the log: the first of each id."""
        found: dict[str, dict[str, Logged]] = defaultdict(dict)
        for logged in self.activities:
            found[logged.event.case_id].setdefault(logged.event.activity_id, logged)
        return {case_id: list(by_id.values()) for case_id, by_id in found.items()}


def history_of(
    calls: Sequence[Call],
    records: Iterable[Record],
    *,
    ended: datetime,
    seen: Mapping[Place, datetime] | None = None,
    consumed: Mapping[str, Mapping[str, Mapping[int, int]]] | None = None,
    without_cases: frozenset[str] = frozenset(),
    without_unreadable: frozenset[Place] = frozenset(),
) -> History:
    """The history of a log, whose records are in the order of their partitions. `consumed` is by service.

    `without_cases` and `without_unreadable` leave out what an earlier check has judged.
    """
    by_topic = {topic: offsets for group in (consumed or {}).values() for topic, offsets in group.items()}
    history = History(_without(calls, without_cases), ended, seen or {}, by_topic)
    events = {
        REQUESTS.name: history.requests,
        ENTITLEMENTS.name: history.entitlements,
        CASES.name: history.cases,
        ACTIVITY.name: history.activities,
        ESCALATIONS.name: history.escalations,
    }
    for record in records:
        place = (record.topic, record.partition, record.offset)
        if record.topic.endswith(DEAD_LETTER_SUFFIX):
            _add_dead_letter(history, record)
        elif record.topic in events and not serde.is_tombstone(record):
            try:
                envelope, event = serde.decode(record)
            except PoisonRecord:
                history.unreadable += [place] if place not in without_unreadable else []
                continue
            case_id = getattr(event, "case_id", None) or getattr(event, "request_id", None)
            if case_id not in without_cases:
                events[record.topic].append(Logged(place, envelope.identity, event))
    return history


def _without(calls: Sequence[Call], cases: frozenset[str]) -> list[Call]:
    return [call for call in calls if (call.case_id or call.id) not in cases]


def _add_dead_letter(history: History, record: Record) -> None:
    letter = dead_letters.parse(record.key, record.value, record.headers)
    source = (letter.record.topic, letter.record.partition, letter.record.offset)
    if source in history.dead_letters:
        history.repeated_dead_letters.append(source)
    history.dead_letters[source] = letter
