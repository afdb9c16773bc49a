"""[pure] Which edition a replay decides by: those published in the log and those configured, found by digest.

The router must decide each request by the edition that its case names; which editions it was configured with does not
matter. Escalation must not know an edition at the time when it dead-lettered a migration to it as `unknown_edition`.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime

from services.replay.log import Log
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import EDITIONS
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.messages.reason import Reason
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.policy.published_edition import UnusableEdition, check_digest, edition_of
from shared.routing.rulebook import Rulebook


def published_editions(log: Log) -> list[Edition]:
    """The editions of the log, each once. A damaged record is left out, since the comparison reports it."""
    found: dict[bytes | None, Edition] = {}
    for record in _records(log):
        try:
            if record.key not in found and record.value is not None:
                found[record.key] = read_edition(record)
        except (PoisonRecord, UnusableEdition):
            continue
    return list(found.values())


def read_edition(record: Record) -> Edition:
    """The edition in a record of the topic. Raises PoisonRecord, UnusableEdition."""
    event = serde.decode(record)[1]
    if not isinstance(event, EditionPublished):
        raise PoisonRecord("unexpected_type", f"it is not an event of {EDITIONS.name}")
    check_digest(event, record.key)
    return edition_of(event)


def why_missing(log: Log, sha256: str) -> Reason:
    """Why the log does not give the edition with that digest."""
    for record in _records(log):
        if record.key == sha256.encode() and record.value is not None:
            try:
                read_edition(record)
            except (PoisonRecord, UnusableEdition) as error:
                place = f"{record.topic}[{record.partition}]@{record.offset}"
                return Reason("replay.edition_damaged", place=place, problem=str(error))
    return Reason("replay.edition_not_in_log", topic=EDITIONS.name)


def _records(log: Log) -> Iterator[Record]:
    for partition in range(log.partitions):
        yield from log.records(EDITIONS.name, partition)


class AvailableEditions:
    """Editions by their digest; two of them may have the same name if a file was edited."""

    def __init__(self, published: Iterable[Edition], configured: EditionLibrary) -> None:
        self.configured = configured
        self._by_digest = {policy_sha256(edition): edition for edition in (*configured.editions, *published)}

    @property
    def editions(self) -> tuple[Edition, ...]:
        """All of them."""
        return tuple(self._by_digest.values())

    def by_digest(self, sha256: str) -> Edition | None:
        """The edition with that digest, None if it is not available."""
        return self._by_digest.get(sha256)


class RecordedRules:
    """The router's rulebook in a replay: that of the edition which the recorded case names.

    A request without a case in the log uses the edition of the case before it; before the first case, the configured
    edition.
    """

    def __init__(self, available: AvailableEditions) -> None:
        self._available = available
        self._rulebooks: dict[str, Rulebook] = {}
        self._current: Rulebook | None = None

    def use(self, sha256: str) -> None:
        """Decide the next requests by this edition, which must be available."""
        self._current = self._rulebook(sha256)

    def at(self, received_at: datetime) -> Rulebook:
        """The rulebook for the next request."""
        if self._current is not None:
            return self._current
        return self._rulebook(policy_sha256(self._available.configured.effective_at(received_at)))

    def reset(self) -> None:
        """Begin another task, in which no case has been replayed."""
        self._current = None

    def _rulebook(self, sha256: str) -> Rulebook:
        known = self._rulebooks.get(sha256)
        if known is None:
            edition = self._available.by_digest(sha256)
            if edition is None:
                raise KeyError(sha256)
            known = self._rulebooks[sha256] = Rulebook(edition)
        return known


class EditionsAtTime:
    """The editions of escalation at `now`: all available ones but those that it dead-lettered as unknown just then."""

    def __init__(self, available: AvailableEditions) -> None:
        self._available = available
        self.now: datetime | None = None
        self.unknown: AbstractSet[tuple[datetime, str]] = frozenset()  # (time, digest) of `unknown_edition`

    @property
    def editions(self) -> tuple[Edition, ...]:
        """All available editions."""
        return self._available.editions

    def by_digest(self, sha256: str) -> Edition | None:
        """The edition with that digest, None if escalation did not know it at `now`."""
        if self.now is not None and (self.now, sha256) in self.unknown:
            return None
        return self._available.by_digest(sha256)
