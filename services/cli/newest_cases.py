"""Finds cases by what people know of them: the newest of all, or those of an account."""

from shared.contracts.structs import CaseRouted
from shared.contracts.topics import CASES
from shared.kafka import serde
from shared.kafka.committed_reader import committed_reader
from shared.kafka.faults import NoTopics, PoisonRecord
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings


async def newest_cases(settings: KafkaSettings, account: str | None = None) -> list[CaseRouted]:
    """The cases of an account, or all of them, the newest first; each once. Raises NoTopics, KafkaError."""
    found: dict[str, CaseRouted] = {}
    async with committed_reader(settings) as reader:
        places = await reader.partitions([CASES.name])
        if CASES.name not in places:
            raise NoTopics
        async for record in reader.read(await reader.spans(places[CASES.name])):
            case = _case(record)
            if case is not None and account in (None, case.account_id):
                found.setdefault(case.case_id, case)
    return sorted(found.values(), key=lambda case: (case.received_at, case.case_id), reverse=True)


def _case(record: Record) -> CaseRouted | None:
    """The decision in a record of a case; None for anything else."""
    try:
        _, event = serde.decode(record)
    except PoisonRecord:
        return None
    return event if isinstance(event, CaseRouted) and record.key == event.case_id.encode() else None
