"""Finds cases by what people know of them: the newest of all, those of an account, or the one of a reference."""

from collections.abc import Iterable
from typing import NamedTuple

from shared.contracts.structs import CaseRouted
from shared.contracts.topics import CASES
from shared.kafka import serde
from shared.kafka.committed_reader import committed_reader
from shared.kafka.faults import NoTopics, PoisonRecord
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

SHORTEST = 8  # characters of an id that refer to a case; pages show sixteen


class NewestCases(NamedTuple):
    """The ids of cases, the newest first: those of an account, and those that begin with what was asked for."""

    of_account: list[str]
    by_reference: list[str]


async def newest_cases(settings: KafkaSettings, wanted: str | None = None) -> NewestCases:
    """The cases of the account `wanted`, and those whose ids begin with that, if it is at least eight characters.

    Without `wanted`, `of_account` has the cases of all accounts. Raises NoTopics, KafkaError.
    """
    of_account: dict[str, CaseRouted] = {}
    by_reference: dict[str, CaseRouted] = {}
    async with committed_reader(settings) as reader:
        places = await reader.partitions([CASES.name])
        if CASES.name not in places:
            raise NoTopics
        async for record in reader.read(await reader.spans(places[CASES.name])):
            case = _case(record)
            if case is None:
                continue
            if wanted in (None, case.account_id):
                of_account.setdefault(case.case_id, case)
            if wanted is not None and len(wanted) >= SHORTEST and case.case_id.startswith(wanted):
                by_reference.setdefault(case.case_id, case)
    return NewestCases(_newest_first(of_account.values()), _newest_first(by_reference.values()))


def _newest_first(cases: Iterable[CaseRouted]) -> list[str]:
    return [each.case_id for each in sorted(cases, key=lambda case: (case.received_at, case.case_id), reverse=True)]


def _case(record: Record) -> CaseRouted | None:
    """The decision in a record of a case; None for anything else."""
    try:
        _, event = serde.decode(record)
    except PoisonRecord:
        return None
    return event if isinstance(event, CaseRouted) and record.key == event.case_id.encode() else None
