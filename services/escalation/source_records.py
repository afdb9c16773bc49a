"""[pure] Records of the sources as typed, checked events: what cannot be meant is refused here, as a poison record.

Intake checks the same before it publishes; but anybody may write to the topics.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.contracts.base import format_instant
from shared.contracts.structs import ActivityRecorded, CaseRouted, MilestoneTerms
from shared.contracts.vocabulary import Milestone
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.kafka.serde import Envelope
from shared.sla.event_time import is_receipt, micros

# The clocks of two machines differ a little: only what a client dates further ahead than this is in the future.
CLOCK_SKEW = timedelta(minutes=5)
# Kafka takes no record that its writer dates more than an hour ahead (message.timestamp.after.max.ms), so no receipt
# that intake has acknowledged lies so far ahead.
BEYOND_BELIEF = timedelta(days=1)


def read_case(record: Record) -> tuple[Envelope, CaseRouted]:
    """A routed case. Raises PoisonRecord."""
    envelope, event = serde.decode(record)
    if not isinstance(event, CaseRouted):
        raise _unexpected(envelope, record)
    case = event
    _check_key(record, case.case_id)
    micros(case.received_at, "received_at")
    return envelope, case


def read_activity(record: Record, now: datetime) -> tuple[Envelope, ActivityRecorded]:
    """An activity that has happened by `now`. Raises PoisonRecord."""
    envelope, event = serde.decode(record)
    if not isinstance(event, ActivityRecorded):
        raise _unexpected(envelope, record)
    activity = event
    _check_key(record, activity.case_id)
    if activity.type == "status_changed" and not activity.to:
        raise PoisonRecord("malformed_event", "to: is required for status_changed")
    if activity.type == "reprioritised" and not (activity.impact or activity.workaround or activity.milestones):
        raise PoisonRecord("malformed_event", "impact: reprioritised needs impact, workaround or milestones")
    if activity.type == "entitlement_refreshed" and not (activity.plan or activity.milestones):
        raise PoisonRecord("malformed_event", "plan: entitlement_refreshed needs plan or milestones")
    if activity.type == "escalation_reviewed" and activity.accepted is None:
        raise PoisonRecord("malformed_event", "accepted: is required for escalation_reviewed")
    if activity.type == "policy_migrated" and activity.policy_sha256 is None:
        raise PoisonRecord("malformed_event", "policy_sha256: is required for policy_migrated")
    _check_terms(activity.milestones or {})
    micros(activity.at, "at")
    if activity.at > _latest(activity, now):
        raise PoisonRecord(
            "bad_activity_time",
            f"at: {format_instant(activity.at)} lies in the future; it was recorded at "
            f"{format_instant(activity.recorded_at)}, and it is {format_instant(now)} here",
        )
    return envelope, activity


def _latest(activity: ActivityRecorded, now: datetime) -> datetime:
    """The latest instant that the activity may have: a receipt is believed, also where intake's clock is ahead."""
    if is_receipt(activity.at, activity.recorded_at):
        return now + BEYOND_BELIEF
    return min(activity.recorded_at, now + CLOCK_SKEW)


def _check_key(record: Record, case_id: str) -> None:
    """Records are found by their key, so a key that says otherwise than the event would file it where nobody looks."""
    if record.key != case_id.encode():
        raise PoisonRecord("wrong_key", "the key of this record has to be its case_id")
    if not case_id.isprintable():
        raise PoisonRecord("malformed_event", "case_id has characters that cannot be printed")


def _check_terms(milestones: Mapping[Milestone, MilestoneTerms]) -> None:
    for milestone, terms in milestones.items():
        if terms.target_seconds is not None and (terms.hours is None or terms.promise is None):
            raise PoisonRecord("malformed_event", f"milestones.{milestone}: a target needs hours and a promise")


def _unexpected(envelope: Envelope, record: Record) -> PoisonRecord:
    return PoisonRecord("unexpected_type", f"{envelope.type} has no place on {record.topic}")
