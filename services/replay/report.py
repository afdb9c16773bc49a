"""[pure] What a replay has found: for each service how many events are as they follow, and what differs."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from services.replay.event_difference import FieldDifference

Kind = Literal["differing", "missing", "unexpected", "dead_letter"]


class Difference(NamedTuple):
    """One event (or dead letter) that is not as it follows from the log.

    `missing` follows from the log and is not in it, `unexpected` is in the log and does not follow from it. `place` is
    where the log has it, None if it has not. Of a dead letter, `id` is the place of the record that it is about.
    """

    service: str
    kind: Kind
    place: str | None
    id: str
    type: str
    case_id: str
    because: str
    fields: tuple[FieldDifference, ...] = ()


@dataclass
class Tally:
    """The outcome for one service. `digest` is of what a replay publishes, `published_digest` of what was published.

    Neither has what cannot be replayed, so they are equal if and only if no event differs.
    """

    service: str
    published: int = 0
    replayed: int = 0
    identical: int = 0
    differing: int = 0
    missing: int = 0
    unexpected: int = 0
    not_replayable: int = 0
    put_aside: int = 0
    put_aside_differing: int = 0
    put_aside_not_replayable: int = 0
    not_yet_processed: int = 0
    because: Counter[str] = field(default_factory=Counter)  # of what cannot be replayed
    digest: str = ""
    published_digest: str = ""
    versions: set[tuple[str, str]] = field(default_factory=set)  # of tzdata and holidays, as the events say

    def note_versions(self, tzdata: str | None, holidays: str | None) -> None:
        """What an event was decided with."""
        for name, version in (("tzdata", tzdata), ("holidays", holidays)):
            if version is not None:
                self.versions.add((name, version))

    @property
    def as_published(self) -> bool:
        """Whether nothing differs from what follows."""
        return not (self.differing or self.missing or self.unexpected or self.put_aside_differing)


class ReplayReport:
    """Differences in the order in which they are found: the first `limit` of them, and how many there are."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept: list[Difference] = []
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether a further one would only be counted."""
        return len(self.kept) >= self.limit

    def add(self, difference: Difference) -> None:
        """Note one."""
        self.count += 1
        if not self.full:
            self.kept.append(difference)
