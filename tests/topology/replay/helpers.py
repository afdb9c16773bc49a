"""Replays a recording, as it is or edited, and reads the result."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from services.replay.recorded_log import Extent
from services.replay.replay import Difference, Replayer, ReplayResult, Tally
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.messages.catalogues import messages_in
from shared.messages.reason import Reason
from shared.policy.editions import EditionLibrary
from tests.harness.recording import Recording, log_of
from tests.harness.shipped import shipped_library

LIBRARY = shipped_library("guidelines-2021")
NEXT = shipped_library("objectives-2024")
BOTH = shipped_library("guidelines-2021", "objectives-2024")

Starts = dict[str, dict[int, int]]


def replay(
    recording: Recording,
    records: Iterable[Record] | None = None,
    *,
    starts: Starts | None = None,
    consumed: bool = True,
    configured: EditionLibrary = LIBRARY,
    show: int = 20,
) -> ReplayResult:
    """The result of replaying a recording, or other `records` in its place."""
    extent = Extent(recording.partitions, starts or {}, recording.consumed() if consumed else {})
    with log_of(extent, recording.all_records() if records is None else records) as log:
        return Replayer(configured, max_differences=show).replay(log)


def identical(result: ReplayResult, recording: Recording) -> bool:
    """Whether every published event was reproduced byte for byte."""
    assert [tally.digest for tally in result.tallies] == [tally.published_digest for tally in result.tallies]
    assert result.differences == ()
    assert sum(tally.identical for tally in result.tallies) == recording.events
    return result.as_published and result.complete


def tally_of(result: ReplayResult, service: str) -> Tally:
    """The counts of one service."""
    return next(tally for tally in result.tallies if tally.service == service)


def kinds(result: ReplayResult) -> list[tuple[str, str]]:
    """The differences in short: the kind of difference and the type of the event without its prefix and version."""
    return [(each.kind, each.type.removeprefix("frontline.").removesuffix(".v1")) for each in result.differences]


def fields(difference: Difference) -> dict[str, tuple[Any, Any]]:
    """What differs in an event: by field, the published and the replayed value."""
    return {each.field: (each.published, each.replayed) for each in difference.fields}


def types(recording: Recording, topic: Topic) -> list[str]:
    """The types of what was published, without prefix and version."""
    found = (dict(record.headers)["ce_type"].decode() for record in recording.published(topic))
    return [name.removeprefix("frontline.").removesuffix(".v1") for name in found]


def find_event(records: Sequence[Record], kind: str, nth: int = 0) -> Record:
    """The nth event of a type."""
    return [r for r in records if dict(r.headers).get("ce_type", b"").decode().endswith(f"{kind}.v1")][nth]


def without(records: Iterable[Record], *removed: Record) -> list[Record]:
    """All records but these."""
    return [record for record in records if record not in removed]


def changed(records: Iterable[Record], old: Record, **new: Any) -> list[Record]:
    """All records, one of them changed: `value`, `key`, `headers` or its place."""
    return [replace(record, **new) if record == old else record for record in records]


def edited(records: Iterable[Record], old: Record, edit: Callable[[dict[str, Any]], None]) -> list[Record]:
    """All records, the data of one of them edited, and written as compactly as the services do."""
    data = json.loads(old.value or b"")
    edit(data)
    return changed(records, old, value=json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def header(record: Record, name: str, value: bytes) -> tuple[tuple[str, bytes], ...]:
    """A record's headers with one of them changed."""
    return tuple((each, value if each == name else data) for each, data in record.headers)


def text(reason: Reason) -> str:
    """The English sentence of a reason."""
    return messages_in().reason(reason)
