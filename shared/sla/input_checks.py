"""[pure] What a routed case and an activity must say to be applied, whoever wrote them.

Intake refuses the same before it publishes, but anybody may write to the topics. Escalation dead-letters what is
refused here. `frontline explain` asks again, since dead letters are kept for a shorter time than what they are about.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.contracts.base import format_instant
from shared.contracts.identifiers import SENTENCES, identifier_fault
from shared.contracts.structs import ActivityRecorded, CaseRouted, MilestoneTerms
from shared.contracts.vocabulary import STATUS_LIMIT, ActivityType
from shared.policy.deadlines import has_target
from shared.sla.errors import InputRefused
from shared.sla.event_time import is_receipt, micros

# The clocks of two machines differ a little: only what a client dates further ahead than this is in the future.
CLOCK_SKEW = timedelta(minutes=5)
# Kafka takes no record that its writer dates more than an hour ahead (message.timestamp.after.max.ms), so no receipt
# that intake has acknowledged lies so far ahead.
LATEST_RECEIPT = timedelta(days=1)


class Required(NamedTuple):
    """The fields that an activity must have: all of `needs`, and at least one of `one_of` if that names any."""

    needs: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()


NOTHING = Required()
# A type that is not here needs nothing beside what every activity has.
REQUIRED: Mapping[ActivityType, Required] = {
    "status_changed": Required(needs=("to",)),
    "reprioritised": Required(one_of=("fields", "milestones")),
    "entitlement_refreshed": Required(one_of=("plan", "milestones")),
    "escalation_reviewed": Required(needs=("accepted",)),
    "policy_migrated": Required(needs=("policy_sha256",)),
    "handed_over": Required(needs=("to",)),
    "acknowledged": Required(needs=("milestone",)),
    "milestone_reached": Required(needs=("milestone",)),
    "reply_retracted": Required(needs=("retracts",)),
}
# What a target needs beside it, in the terms of a milestone.
TARGET_NEEDS = ("hours", "promise")


def check_case(case: CaseRouted) -> None:
    """Refuse a case that no clock can be kept for. Raises InputRefused."""
    _check_id(case.case_id)
    micros(case.received_at, "received_at")
    micros(case.observed_at, "observed_at")


def check_activity(activity: ActivityRecorded, now: datetime) -> None:
    """Refuse an activity that lacks what its type needs, or that cannot have happened by `now`. Raises InputRefused."""
    _check_id(activity.case_id)
    _check_required(activity)
    _check_terms(activity.milestones or {})
    _check_status(activity)
    micros(activity.at, "at")
    micros(activity.recorded_at, "recorded_at")
    if is_in_the_future(activity.at, activity.recorded_at, now):
        raise InputRefused(
            "bad_activity_time",
            f"at: {format_instant(activity.at)} lies in the future; it was recorded at "
            f"{format_instant(activity.recorded_at)}, and it is {format_instant(now)} here",
        )


def is_in_the_future(at: datetime, recorded_at: datetime, now: datetime) -> bool:
    """Whether an activity cannot have happened yet. A receipt counts also where intake's clock is ahead."""
    if is_receipt(at, recorded_at):
        return at > now + LATEST_RECEIPT
    return at > min(recorded_at, now + CLOCK_SKEW)


def _check_id(case_id: str) -> None:
    fault = identifier_fault(case_id)
    if fault is not None:
        raise InputRefused("malformed_event", f"case_id: {SENTENCES[fault]}")


def _check_required(activity: ActivityRecorded) -> None:
    required = REQUIRED.get(activity.type, NOTHING)
    for name in required.needs:
        if _is_missing(getattr(activity, name)):
            raise InputRefused("malformed_event", f"{name}: is required for {activity.type}")
    if required.one_of and all(_is_missing(getattr(activity, name)) for name in required.one_of):
        *others, last = required.one_of
        raise InputRefused(
            "malformed_event", f"{required.one_of[0]}: {activity.type} needs {', '.join(others)} or {last}"
        )


def _check_status(activity: ActivityRecorded) -> None:
    if activity.type == "status_changed" and len(activity.to or "") > STATUS_LIMIT:
        raise InputRefused("malformed_event", f"to: a status has {STATUS_LIMIT} characters at most")
    if activity.until is not None:
        micros(activity.until, "until")
        if activity.until <= activity.at:
            raise InputRefused("malformed_event", "until: the status would end before it begins")


def _is_missing(value: object) -> bool:
    """False is a value: an escalation that was not accepted. An empty text, or terms of no milestone, are none."""
    return value is None or value == "" or value == {}


def _check_terms(milestones: Mapping[str, MilestoneTerms]) -> None:
    for milestone, terms in milestones.items():
        if has_target(terms) and any(getattr(terms, name) is None for name in TARGET_NEEDS):
            raise InputRefused("malformed_event", f"milestones.{milestone}: a target needs hours and a promise")
        if terms.target_seconds is not None and terms.target_business_days is not None:
            raise InputRefused(
                "malformed_event", f"milestones.{milestone}: has both target_seconds and target_business_days"
            )
        if terms.target_business_days is not None and terms.hours != "business":
            raise InputRefused("malformed_event", f"milestones.{milestone}: business days count in business hours")
