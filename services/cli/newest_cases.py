"""Finds cases by what people know of them: the newest of all, or those of an account."""

from shared.contracts.structs import CaseRouted
from shared.contracts.topics import CASES
from shared.kafka import serde
from shared.kafka.committed_reader import committed_reader
from shared.kafka.faults import NoTopics, PoisonRecord
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

SHORTEST = 8  # characters of an id that refer to a case; pages show sixteen


async def newest_cases(settings: KafkaSettings, wanted: str | None = None) -> list[CaseRouted]:
    """All cases, the newest first, each once; or those of the account `wanted`; or, if it has none, those whose ids
    begin with that, if it is at least eight characters. Raises NoTopics, KafkaError.
    """
    found: dict[str, CaseRouted] = {}
    async with committed_reader(settings) as reader:
        places = await reader.partitions([CASES.name])
        if CASES.name not in places:
            raise NoTopics
        async for record in reader.read(await reader.spans(places[CASES.name])):
            case = _case(record)
            if case is not None and _may_be(case, wanted):
                found.setdefault(case.case_id, case)
    of_account = [case for case in found.values() if wanted in (None, case.account_id)]
    return sorted(of_account or found.values(), key=lambda case: (case.received_at, case.case_id), reverse=True)


def _may_be(case: CaseRouted, wanted: str | None) -> bool:
    if wanted is None or wanted == case.account_id:
        return True
    return len(wanted) >= SHORTEST and case.case_id.startswith(wanted)


def _case(record: Record) -> CaseRouted | None:
    """The decision in a record of a case; None for anything else."""
    try:
        _, event = serde.decode(record)
    except PoisonRecord:
        return None
    return event if isinstance(event, CaseRouted) and record.key == event.case_id.encode() else None
