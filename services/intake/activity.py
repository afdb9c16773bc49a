"""[pure] Activity on a case: what each type needs, what it may carry, who may say it, and when it may have happened.

What escalation checks again is the domain's (`shared/sla/input_checks.py`); here every wrong field is named at once.
"""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pydantic import Field

from services.intake.errors import FieldError, InvalidFields, MissingScope
from services.intake.fields import Body, Id, Statuses, Text
from shared.contracts.base import Instant, Sha256, format_instant
from shared.contracts.ids import deterministic_id
from shared.contracts.structs import ActivityRecorded, MilestoneTerms
from shared.contracts.vocabulary import (
    ActivityType,
    Hours,
    Impact,
    Milestone,
    NoTargetReason,
    Plan,
    Promise,
    ReopenMode,
    Workaround,
)
from shared.sla.input_checks import NOTHING, REQUIRED, TARGET_NEEDS, Required, is_in_the_future

_TEN_YEARS = 10 * 366 * 86400


class TermsBody(Body):
    """New terms of one milestone: a target with its hours and its kind of promise, or the reason for having none."""

    target_seconds: int | None = Field(gt=0, le=_TEN_YEARS)
    hours: Hours | None = None
    promise: Promise | None = None
    reason: NoTargetReason | None = None
    paused_by: Statuses = ()
    reopen: ReopenMode = "resume"


class Activity(Body):
    """Something that happened on a case, as a client reports it."""

    type: ActivityType
    at: Instant | None = None
    text: Text | None = None
    to: Id | None = None
    milestones: dict[Milestone, TermsBody] | None = Field(default=None, min_length=1)
    impact: Impact | None = None
    workaround: Workaround | None = None
    reason: Text | None = None
    accepted: bool | None = None
    plan: Plan | None = None
    edition: Id | None = None
    policy_sha256: Sha256 | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what was reported, the same however the JSON was laid out."""
        content = self.model_dump(mode="json", exclude_none=True)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a type carries beside `at`: what is `required`, `also` what intake alone needs, anything of `may`, nothing
    else.
    """

    required: Required = NOTHING
    also: tuple[str, ...] = ()
    may: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """All of these."""
        return (*self.also, *self.required.needs)

    @property
    def one_of(self) -> tuple[str, ...]:
        """At least one of these, if there are any."""
        return self.required.one_of


# `text` is optional even in replies and notes: a help desk that keeps its own texts reports only that they happened.
RULES: dict[ActivityType, Rule] = {
    "agent_replied": Rule(may=("text",)),
    "customer_replied": Rule(may=("text",)),
    "internal_note": Rule(may=("text",)),
    "status_changed": Rule(REQUIRED["status_changed"], may=("text", "reason")),
    "reprioritised": Rule(REQUIRED["reprioritised"], may=("text", "reason")),
    "restored": Rule(may=("text", "reason")),
    "resolved": Rule(may=("text", "reason")),
    "reopened": Rule(may=("text", "reason")),
    "closed": Rule(may=("text", "reason")),
    "withdrawn": Rule(may=("text", "reason")),
    "entitlement_refreshed": Rule(REQUIRED["entitlement_refreshed"], may=("text", "reason")),
    "escalation_requested": Rule(may=("text", "reason")),
    "escalation_reviewed": Rule(REQUIRED["escalation_reviewed"], may=("text", "reason")),
    "policy_migrated": Rule(REQUIRED["policy_migrated"], also=("edition",), may=("text", "reason")),
}
_CARRIED = (
    "text", "to", "milestones", "impact", "workaround", "reason", "accepted", "plan", "edition", "policy_sha256",
)  # fmt: skip
_TERMS = ("milestones", "plan", "edition")  # whoever sets them sets what the customer was promised


def check(activity: Activity, scopes: Collection[str], *, received_at: datetime, submitted_at: datetime | None) -> None:
    """Refuse what the type does not carry, what the client may not say, and what cannot have happened then.

    `submitted_at` is when the case was submitted, if that is known here; escalation checks it again for every case.
    Raises InvalidFields with every wrong field, or MissingScope.
    """
    errors = [*_shape_errors(activity), *_terms_errors(activity), *_time_errors(activity, received_at, submitted_at)]
    if errors:
        raise InvalidFields(errors)
    if activity.at is not None and "backfill" not in scopes:
        raise MissingScope("refusal.backfill")
    terms = [name for name in _TERMS if getattr(activity, name) is not None]
    if terms and "admin" not in scopes:
        raise MissingScope("refusal.terms", field=terms[0])


def record(
    activity: Activity, *, case_id: str, client: str, idempotency_key: str, received_at: datetime
) -> ActivityRecorded:
    """The event that `activity` becomes. The same call with the same key has the same `activity_id`."""
    milestones = None
    if activity.milestones is not None:
        milestones = {
            name: MilestoneTerms(**{field: getattr(terms, field) for field in type(terms).model_fields})
            for name, terms in activity.milestones.items()
        }
    return ActivityRecorded(
        case_id=case_id,
        activity_id=deterministic_id("activity", client, case_id, idempotency_key),
        type=activity.type,
        at=activity.at or received_at,
        recorded_at=received_at,
        client=client,
        text=activity.text,
        to=activity.to,
        milestones=milestones,
        impact=activity.impact,
        workaround=activity.workaround,
        reason=activity.reason,
        accepted=activity.accepted,
        plan=activity.plan,
        edition=activity.edition,
        policy_sha256=activity.policy_sha256,
        activity_digest=activity.digest,
    )


def _shape_errors(activity: Activity) -> list[FieldError]:
    rule, kind = RULES[activity.type], {"type": activity.type}
    given = [name for name in _CARRIED if getattr(activity, name) is not None]
    errors = [FieldError(name, "field.required_for", kind) for name in rule.needs if name not in given]
    allowed = (*rule.needs, *rule.one_of, *rule.may)
    errors += [FieldError(name, "field.not_of", kind) for name in given if name not in allowed]
    if rule.one_of and not set(rule.one_of) & set(given):
        errors.append(FieldError(rule.one_of[0], "field.needs_one_of", {**kind, "fields": rule.one_of}))
    return errors


def _terms_errors(activity: Activity) -> list[FieldError]:
    return [error for name, terms in (activity.milestones or {}).items() for error in _term_errors(name, terms)]


def _term_errors(name: Milestone, terms: TermsBody) -> Iterator[FieldError]:
    promised = {name: getattr(terms, name) for name in TARGET_NEEDS}
    explained = {"reason": terms.reason}
    wanted, unwanted = (explained, promised) if terms.target_seconds is None else (promised, explained)
    target = "without_target" if terms.target_seconds is None else "with_target"
    for field, value in wanted.items():
        if value is None:
            yield FieldError(f"milestones.{name}.{field}", f"field.required.{target}")
    for field, value in unwanted.items():
        if value is not None:
            yield FieldError(f"milestones.{name}.{field}", f"field.not_wanted.{target}")


def _time_errors(activity: Activity, received_at: datetime, submitted_at: datetime | None) -> list[FieldError]:
    if activity.at is None:
        return []
    if is_in_the_future(activity.at, received_at, received_at):
        return [FieldError("at", "field.in_the_future", {"now": format_instant(received_at)})]
    if submitted_at is not None and activity.at < submitted_at:
        return [FieldError("at", "field.before_the_case", {"submitted_at": format_instant(submitted_at)})]
    return []
