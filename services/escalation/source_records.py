"""[pure] Records of the sources as typed events: what is no such event, or filed under another key, is refused here.

What an event must say is the domain's to check (`shared/sla/input_checks.py`).
"""

from datetime import datetime

from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.kafka.serde import Envelope
from shared.sla.input_checks import check_activity, check_case


def read_case(record: Record) -> tuple[Envelope, CaseRouted]:
    """A routed case. Raises PoisonRecord, InputRefused."""
    envelope, event = serde.decode(record)
    if not isinstance(event, CaseRouted):
        raise _unexpected(envelope, record)
    case = event
    _check_key(record, case.case_id)
    check_case(case)
    return envelope, case


def read_activity(record: Record, now: datetime) -> tuple[Envelope, ActivityRecorded]:
    """An activity that has happened by `now`. Raises PoisonRecord, InputRefused."""
    envelope, event = serde.decode(record)
    if not isinstance(event, ActivityRecorded):
        raise _unexpected(envelope, record)
    activity = event
    _check_key(record, activity.case_id)
    check_activity(activity, now)
    return envelope, activity


def _check_key(record: Record, case_id: str) -> None:
    """Records are found by their key: under another one than that of its event, nobody would look for it."""
    if record.key != case_id.encode():
        raise PoisonRecord("wrong_key", "the key of this record has to be its case_id")


def _unexpected(envelope: Envelope, record: Record) -> PoisonRecord:
    return PoisonRecord("unexpected_type", f"{envelope.type} has no place on {record.topic}")
