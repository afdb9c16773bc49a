"""[pure] Activity on a case: the fields of each type, the scopes that it needs, and the instants that it may have.

Milestones, fields and plans are words that a configured edition has; what they mean for a case is decided later, by the
edition that it pins.

Escalation checks by the domain's rules again (`shared/sla/input_checks.py`). Intake names every wrong field at once.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from services.intake.activity_schema import shapes_of_terms, shapes_of_types
from services.intake.digest import content_digest
from services.intake.fields import NO_OTHERS, Body, Statuses, Text, Word, Words, whole
from services.intake.words import AnyEdition
from shared.contracts.base import Instant, Sha256, format_instant
from shared.contracts.structs import ActivityRecorded, Actor, MilestoneTerms
from shared.contracts.vocabulary import STATUS_LIMIT, ActivityType, Hours, Promise, ReopenMode, Until
from shared.identity.scopes import AGENT_SCOPE
from shared.sla.input_checks import NOTHING, REQUIRED, TARGET_NEEDS, Required, is_in_the_future
from shared.web.errors import FieldError, InvalidFields, MissingScope
from shared.web.fields import Id

_TEN_YEARS = 10 * 366 * 86400
Seconds = Annotated[int, Field(gt=0, le=_TEN_YEARS), BeforeValidator(whole)]
BusinessDays = Annotated[int, Field(gt=0, le=1_000), BeforeValidator(whole)]


class TermsBody(Body):
    """New terms of one milestone: a target with its hours and its kind of promise, or the reason for having none.

    A target is a number of seconds, or of business days, whose hours are business hours; `until` then says when it ends
    on the last of them. `open_at_least` is for hours that end at the next opening.
    """

    model_config = ConfigDict(json_schema_extra=shapes_of_terms())

    target_seconds: Seconds | None = None
    target_business_days: BusinessDays | None = None
    until: Until | None = None
    hours: Hours | None = None
    open_at_least: Seconds | None = None
    calendar: Word | None = None
    promise: Promise | None = None
    reason: Word | None = None
    paused_by: Statuses = ()
    reopen: ReopenMode = "resume"

    @property
    def terms(self) -> MilestoneTerms:
        """The same, with what goes without saying for business days."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        if self.target_business_days is not None:
            given |= {"hours": "business", "until": self.until or "same_time"}
        return MilestoneTerms(**given)


class Activity(Body):
    """One activity on a case, as a client reports it."""

    model_config = ConfigDict(json_schema_extra=lambda schema: schema.update(_shapes()))

    type: ActivityType
    at: Instant | None = None
    text: Text | None = None
    to: Id | None = None
    until: Instant | None = None
    milestone: Word | None = None
    retracts: Id | None = None
    milestones: Annotated[dict[Word, TermsBody], Field(json_schema_extra=NO_OTHERS)] | None = Field(
        default=None, min_length=1
    )
    fields: Words | None = Field(default=None, min_length=1)
    reason: Text | None = None
    accepted: bool | None = None
    plan: Word | None = None
    edition: Id | None = None
    policy_sha256: Sha256 | None = None

    @cached_property
    def digest(self) -> str:
        """The digest of the content."""
        return content_digest(self.model_dump(mode="json", exclude_none=True))


@dataclass(frozen=True, slots=True)
class Rule:
    """The fields of a type beside `at`: all of `required` and of `also` (only for intake), any of `may`, no others.

    Those of `also` that are `nullable` may be null, which then says something: assigned to nobody.
    """

    required: Required = NOTHING
    also: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    nullable: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """All of these."""
        return (*self.also, *self.required.needs)

    @property
    def one_of(self) -> tuple[str, ...]:
        """At least one of these, if there are any."""
        return self.required.one_of


# `text` is optional even in replies and notes: a help desk may keep its texts to itself and report only the activity.
RULES: dict[ActivityType, Rule] = {
    "agent_replied": Rule(may=("text",)),
    "customer_replied": Rule(may=("text",)),
    "internal_note": Rule(may=("text",)),
    "status_changed": Rule(REQUIRED["status_changed"], may=("until", "text", "reason")),
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
    "bot_replied": Rule(may=("text",)),
    "assigned": Rule(also=("to",), may=("text", "reason"), nullable=("to",)),
    "handed_over": Rule(REQUIRED["handed_over"], may=("text", "reason")),
    "acknowledged": Rule(REQUIRED["acknowledged"], may=("text", "reason")),
    "milestone_reached": Rule(REQUIRED["milestone_reached"], may=("text", "reason")),
    "reply_retracted": Rule(REQUIRED["reply_retracted"], may=("text", "reason")),
}
# What a client may report on its own cases without the scope of agents.
OF_CUSTOMERS: tuple[ActivityType, ...] = ("customer_replied", "resolved", "withdrawn", "escalation_requested")


def _shapes() -> JsonDict:
    return shapes_of_types(RULES, _FIELDS, STATUS_LIMIT)


_FIELDS = tuple(name for name in Activity.model_fields if name not in ("type", "at"))
_TERMS = ("milestones", "plan", "edition")  # fields that change the terms of a case


def check(
    activity: Activity,
    words: AnyEdition,
    scopes: Collection[str],
    *,
    received_at: datetime,
    submitted_at: datetime | None,
) -> None:
    """Refuse fields that the type does not have, words that no configured edition has, and impossible instants.

    Also fields that the scopes do not permit. `submitted_at` is the instant of the case's submission, if intake knows
    it. Escalation checks every case again. Raises InvalidFields with every wrong field, or MissingScope.
    """
    errors = [*_shape_errors(activity), *_terms_errors(activity), *_time_errors(activity, received_at, submitted_at)]
    wrong_words = words.wrong_words_of_activity(activity.model_dump(exclude_none=True))
    known = {error.field for error in errors}
    errors += [error for error in wrong_words if error.field not in known]
    if errors:
        raise InvalidFields(errors)
    if activity.at is not None and "backfill" not in scopes:
        raise MissingScope("refusal.backfill")
    if activity.type not in OF_CUSTOMERS and AGENT_SCOPE not in scopes:
        raise MissingScope("refusal.agents_activity", scope=AGENT_SCOPE, types=list(OF_CUSTOMERS))
    terms = [name for name in _TERMS if getattr(activity, name) is not None]
    if terms and "admin" not in scopes:
        raise MissingScope("refusal.terms", field=terms[0])


def record(
    activity: Activity, *, case_id: str, activity_id: str, client: str, actor: Actor, received_at: datetime
) -> ActivityRecorded:
    """The event of `activity`, which `actor` reported with `client`, the API key or host application."""
    milestones = activity.milestones
    return ActivityRecorded(
        case_id=case_id,
        activity_id=activity_id,
        type=activity.type,
        at=activity.at or received_at,
        recorded_at=received_at,
        client=client,
        actor=actor,
        text=activity.text,
        to=activity.to,
        until=activity.until,
        milestone=activity.milestone,
        retracts=activity.retracts,
        milestones=None if milestones is None else {name: body.terms for name, body in milestones.items()},
        fields=activity.fields,
        reason=activity.reason,
        accepted=activity.accepted,
        plan=activity.plan,
        edition=activity.edition,
        policy_sha256=activity.policy_sha256,
        activity_digest=activity.digest,
    )


def _shape_errors(activity: Activity) -> list[FieldError]:
    rule, kind = RULES[activity.type], {"type": activity.type}
    given = [name for name in _FIELDS if _is_given(activity, name, rule)]
    errors = [FieldError(name, "field.required_for", kind) for name in rule.needs if name not in given]
    allowed = (*rule.needs, *rule.one_of, *rule.may)
    errors += [FieldError(name, "field.not_of", kind) for name in given if name not in allowed]
    if rule.one_of and not set(rule.one_of) & set(given):
        errors.append(FieldError(rule.one_of[0], "field.needs_one_of", {**kind, "fields": rule.one_of}))
    if activity.type == "status_changed" and len(activity.to or "") > STATUS_LIMIT:
        errors.append(FieldError("to", "field.too_long", {"limit": STATUS_LIMIT}))
    return errors


def _is_given(activity: Activity, name: str, rule: Rule) -> bool:
    return getattr(activity, name) is not None or (name in rule.nullable and name in activity.model_fields_set)


def _terms_errors(activity: Activity) -> list[FieldError]:
    return [error for name, terms in (activity.milestones or {}).items() for error in _term_errors(name, terms)]


_ONLY_WITH_TARGET = (*TARGET_NEEDS, "until", "open_at_least", "calendar")


def _term_errors(name: str, terms: TermsBody) -> Iterator[FieldError]:
    place = f"milestones.{name}"
    days = terms.target_business_days is not None
    if days and terms.target_seconds is not None:
        yield FieldError(f"{place}.target_business_days", "field.two_targets")
    if not days and terms.target_seconds is None:
        if terms.reason is None:
            yield FieldError(f"{place}.reason", "field.required.without_target")
        for field in _ONLY_WITH_TARGET:
            if getattr(terms, field) is not None:
                yield FieldError(f"{place}.{field}", "field.not_wanted.without_target")
        return
    for field in TARGET_NEEDS:
        if getattr(terms, field) is None and not (days and field == "hours"):
            yield FieldError(f"{place}.{field}", "field.required.with_target")
    if terms.reason is not None:
        yield FieldError(f"{place}.reason", "field.not_wanted.with_target")
    if days and terms.hours not in (None, "business"):
        yield FieldError(f"{place}.hours", "field.business_days_hours")
    if not days and terms.until is not None:
        yield FieldError(f"{place}.until", "field.only_with", {"place": "target_business_days"})
    if terms.open_at_least is not None and terms.hours != "elapsed_then_next_open":
        yield FieldError(f"{place}.open_at_least", "field.only_with", {"place": "hours: elapsed_then_next_open"})


def _time_errors(activity: Activity, received_at: datetime, submitted_at: datetime | None) -> list[FieldError]:
    at = activity.at or received_at
    errors = []
    if activity.until is not None and activity.until <= at:
        errors.append(FieldError("until", "field.not_after", {"at": format_instant(at)}))
    if activity.at is None:
        return errors
    if is_in_the_future(activity.at, received_at, received_at):
        errors.append(FieldError("at", "field.in_the_future", {"now": format_instant(received_at)}))
    elif submitted_at is not None and activity.at < submitted_at:
        errors.append(FieldError("at", "field.before_the_case", {"submitted_at": format_instant(submitted_at)}))
    return errors
