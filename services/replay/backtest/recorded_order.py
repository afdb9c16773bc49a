"""[pure] When the router decided each recorded request, and which entitlements it knew then.

A request is decided again with the same entitlements: each case in the log names the position in their topic up to
which the router had read it, and the record that it used. A request without a case in the log (dropped, dead-lettered,
or not decided yet) counts as decided when it was written.
"""

from array import array
from bisect import bisect_left
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

import msgspec

from services.replay.log import FAR_FUTURE, Log
from services.replay.slice_runner import EPOCH, TICK
from shared.contracts.topics import CASES, ENTITLEMENTS

_NO_OFFSET = -1

_Columns: TypeAlias = "tuple[array[int], ...]"


class _CausedBy(msgspec.Struct, frozen=True, gc=False):
    partition: int
    offset: int | None = None
    positions: dict[str, int] | None = None


class _Entitlement(msgspec.Struct, frozen=True, gc=False):
    offset: int | None = None


class _Case(msgspec.Struct, frozen=True, gc=False):
    observed_at: datetime
    caused_by: _CausedBy
    entitlement: _Entitlement = _Entitlement()


_decoder = msgspec.json.Decoder(_Case)


class RecordedDecision(NamedTuple):
    """One decision of the log.

    `entitlements` is the offset up to which the router had read their topic, `used` that of the record that it used
    (None if there was none). `partition` and `number` are the place of the case.
    """

    at: datetime
    entitlements: int
    used: int | None
    partition: int
    number: int


class RecordedOrder:
    """The decisions of a log by the place of their request. It takes 48 bytes for each."""

    def __init__(self, log: Log) -> None:
        self._by_partition = [tuple(array("q") for _ in range(6)) for _ in range(log.partitions)]
        for partition in range(log.partitions):
            for number, record in enumerate(log.records(CASES.name, partition)):
                case = _read(record.value)
                if case is None or case.caused_by.offset is None or case.caused_by.partition >= log.partitions:
                    continue
                position = (case.caused_by.positions or {}).get(ENTITLEMENTS.name, 0)
                used = _NO_OFFSET if case.entitlement.offset is None else case.entitlement.offset
                at = (case.observed_at - EPOCH) // TICK
                row = (case.caused_by.offset, at, position, used, partition, number)
                for column, value in zip(self._by_partition[case.caused_by.partition], row, strict=True):
                    column.append(value)
        self._by_partition = [_by_offset(columns) for columns in self._by_partition]

    def of(self, partition: int, offset: int) -> RecordedDecision | None:
        """The decision of the request at this place; None if the log has none."""
        offsets, instants, positions, used, partitions, numbers = self._by_partition[partition]
        place = bisect_left(offsets, offset)
        if place == len(offsets) or offsets[place] != offset:
            return None
        return RecordedDecision(
            EPOCH + timedelta(microseconds=instants[place]),
            positions[place],
            None if used[place] == _NO_OFFSET else used[place],
            partitions[place],
            numbers[place],
        )


def _by_offset(columns: _Columns) -> _Columns:
    """The rows of one partition in the order of their requests."""
    order = sorted(range(len(columns[0])), key=columns[0].__getitem__)
    return tuple(array("q", map(column.__getitem__, order)) for column in columns)


def _read(value: object) -> _Case | None:
    """The fields of a case; None for a record that is no usable case."""
    try:
        case = _decoder.decode(value)  # type: ignore[arg-type]  # a withheld value is refused as one of a wrong type
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError):
        return None
    usable = case.observed_at.tzinfo is not None and EPOCH < case.observed_at < FAR_FUTURE
    return case if usable else None
