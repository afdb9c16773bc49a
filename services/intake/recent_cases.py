"""The records of the most recent cases as the log has them: what the pages need to show a case, and to explain it.

A view of support.requests, support.cases, support.activity and support.escalations, bounded in bytes. It has texts of
customers, in memory only. It forgets the case first that it has known for longest; visitors who are not signed in share
a part of it. The pages work everything else out by `shared/explain`, as `frontline explain` does.
"""

from collections import OrderedDict

import msgspec

from shared.contracts import wire
from shared.contracts.structs import SupportRequestSubmitted
from shared.contracts.topics import REQUESTS
from shared.explain.case_log import CaseLog
from shared.explain.logged_case import LoggedCase
from shared.kafka.record import Record
from shared.web.watchers import Watchers

ANONYMOUS = 0.25  # of the budget: no visitor drives the cases of customers out
OVERHEAD = 300  # bytes that a record takes beside its content
LARGEST = 1024 * 1024  # bytes of one case: beyond it, the case is not shown here


class _Kept(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A record without its key, which is the case's."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class _Case(msgspec.Struct):
    """What is kept of a case: its request, its records, how many bytes they take, whether somebody vouches for it."""

    request: bytes | None = None
    signed: bool = True
    records: list[bytes] = []
    size: int = 0
    too_large: bool = False


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Kept).decode


class RecentCases:
    """The view. It takes at most `budget` bytes, approximately; 0 = nothing is kept. `watchers` are told of changes."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._cases: OrderedDict[str, _Case] = OrderedDict()
        self._anonymous: OrderedDict[str, None] = OrderedDict()
        self._size, self._anonymous_size = 0, 0
        self.watchers = Watchers()

    def __len__(self) -> int:
        return len(self._cases)

    @property
    def size(self) -> int:
        """How many bytes it takes, approximately."""
        return self._size

    def clear(self) -> None:
        """Forget every case."""
        forgotten = [*self._cases]
        self._cases.clear()
        self._anonymous.clear()
        self._size, self._anonymous_size = 0, 0
        for case_id in forgotten:
            self.watchers.notify(case_id)

    def submitted(self, event: SupportRequestSubmitted) -> None:
        """A request was accepted. The first with this id counts."""
        case = self._cases.setdefault(event.request_id, _Case())
        if case.request is not None or case.too_large:
            return
        case.request = wire.encode(event)
        if event.authenticated_by == "anonymous":
            case.signed = False
            self._anonymous[event.request_id] = None
            self._anonymous_size += case.size
        self._grow(event.request_id, case, len(case.request))

    def take(self, record: Record) -> None:
        """Keep a record of support.cases, support.activity or support.escalations under its key, the case's id."""
        if record.topic == REQUESTS.name or record.key is None:
            return
        case_id = record.key.decode(errors="replace")
        case = self._cases.setdefault(case_id, _Case())
        if case.too_large:
            return
        kept = _Kept(
            record.topic, record.partition, record.offset, record.timestamp_ms, record.value, tuple(record.headers)
        )
        case.records.append(_encode(kept))
        self._grow(case_id, case, len(case.records[-1]))

    def count_of(self, case_id: str) -> int:
        """How many records of the case there are: another number means that something has changed."""
        case = self._cases.get(case_id)
        return 0 if case is None else len(case.records)

    def find(self, case_id: str) -> LoggedCase | None:
        """The case, or None if its request is not (or no longer) here, or if it is too large to be shown."""
        case = self._cases.get(case_id)
        if case is None or case.request is None or case.too_large:
            return None
        log = CaseLog()
        for blob in case.records:
            kept = _decode(blob)
            place = kept.topic, kept.partition, kept.offset, kept.timestamp_ms
            log.take(Record(*place, case_id.encode(), kept.value, kept.headers))
        return LoggedCase(wire.decode(SupportRequestSubmitted, case.request), log)

    def _grow(self, case_id: str, case: _Case, by: int) -> None:
        self._resize(case, by + OVERHEAD)
        if case.size > LARGEST:
            case.too_large, case.records, case.request = True, [], None
            self._resize(case, -case.size)
        while self._anonymous_size > self._budget * ANONYMOUS and self._anonymous:
            self._drop(next(iter(self._anonymous)))
        while self._size > self._budget and self._cases:
            self._drop(next(iter(self._cases)))
        self.watchers.notify(case_id)

    def _resize(self, case: _Case, by: int) -> None:
        case.size += by
        self._size += by
        if not case.signed:
            self._anonymous_size += by

    def _drop(self, case_id: str) -> None:
        self._resize(dropped := self._cases.pop(case_id), -dropped.size)
        self._anonymous.pop(case_id, None)
        self.watchers.notify(case_id)
