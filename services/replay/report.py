"""[pure] The result of a replay: for each service how many events were reproduced, and each difference."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from services.replay.event_difference import FieldDifference
from shared.messages.reason import Reason

Kind = Literal["differing", "missing", "unexpected", "dead_letter"]


class Difference(NamedTuple):
    """One event (or dead letter) that the replay did not reproduce as published.

    `missing`: the replay produces it and the log does not have it. `unexpected`: the log has it and the replay does not
    produce it. `place` is where the log has it, None if it does not. For a dead letter, `id` is the place of the record
    that was dead-lettered.
    """

    service: str
    kind: Kind
    place: str | None
    id: str
    type: str
    case_id: str
    reason: Reason
    fields: tuple[FieldDifference, ...] = ()


@dataclass
class Tally:
    """The counts of one service. `digest` is the SHA-256 of the replayed events, `published_digest` of the published.

    Events that cannot be replayed are in neither digest, so the two are equal if and only if no event differs.
    """

    service: str
    published: int = 0
    replayed: int = 0
    identical: int = 0
    differing: int = 0
    missing: int = 0
    unexpected: int = 0
    not_replayable: int = 0
    dead_letters: int = 0
    dead_letters_differing: int = 0
    dead_letters_not_replayable: int = 0
    not_yet_processed: int = 0
    not_replayable_reasons: Counter[Reason] = field(default_factory=Counter)  # of events and dead letters
    digest: str = ""
    published_digest: str = ""
    tzdata_versions: set[str] = field(default_factory=set)  # that deadlines in the log were counted by

    @property
    def as_published(self) -> bool:
        """Whether nothing differs."""
        return not (self.differing or self.missing or self.unexpected or self.dead_letters_differing)

    @property
    def complete(self) -> bool:
        """Whether the log has everything that its events and dead letters follow from."""
        return not (self.not_replayable or self.dead_letters_not_replayable)


class DifferenceList:
    """The first `limit` differences in the order in which they were found, and how many there are."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept: list[Difference] = []
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether a further difference is only counted."""
        return len(self.kept) >= self.limit

    def add(self, difference: Difference) -> None:
        """Count a difference, and keep it unless the list is full."""
        self.count += 1
        if not self.full:
            self.kept.append(difference)
