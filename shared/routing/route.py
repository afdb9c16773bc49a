"""[pure] The decision for one request: which channels are open, who takes it, how urgent it is, what is promised.

`route` answers every request, whoever asks: nothing is ever dropped. What it cannot grant it explains, by reason codes:
whoever shows a decision picks the language.
"""

from datetime import datetime
from typing import NamedTuple, Protocol

from shared.business_time.errors import NeverOpen
from shared.business_time.hours import due_micros
from shared.business_time.instants import SECOND, Micros, from_micros, to_micros
from shared.contracts.structs import DecidedMilestone, Decision, MilestoneTerms, PhoneNumber, PhoneReadiness, Reason
from shared.contracts.vocabulary import (
    Channel,
    Environment,
    Impact,
    Milestone,
    RequestType,
    Workaround,
)
from shared.policy.milestones import MILESTONE_TABLE
from shared.routing.entitlement import Entitlement
from shared.routing.rulebook import Hours, Rulebook


class SupportRequest(Protocol):
    """What is asked: the part of a submitted request that decides."""

    @property
    def channel(self) -> Channel: ...
    @property
    def impact(self) -> Impact: ...
    @property
    def workaround(self) -> Workaround: ...
    @property
    def environment(self) -> Environment: ...
    @property
    def request_type(self) -> RequestType: ...
    @property
    def country(self) -> str | None: ...
    @property
    def phone(self) -> PhoneReadiness | None: ...


class Asked(NamedTuple):
    """A `SupportRequest` for those who have no event of a submission."""

    channel: Channel
    impact: Impact
    workaround: Workaround
    environment: Environment
    request_type: RequestType
    country: str | None = None
    phone: PhoneReadiness | None = None


def route(request: SupportRequest, entitlement: Entitlement, policy: Rulebook, at: datetime) -> Decision:
    """The decision for `request` by someone with `entitlement`, received at `at`, under the edition of `policy`.

    Raises CalendarError for an `at` in the first or last years that datetime has: no deadline can be computed.
    """
    start = to_micros(at, "at")
    profile = entitlement.profile
    assignment = policy.assignment(profile, entitlement.requester_from, request.channel, request.request_type)
    judged = policy.judged(request.impact, request.workaround, request.environment)
    promised = policy.promised(profile.plan, judged.priority, assignment.staffed)
    hours = policy.hours(entitlement, request.country)
    numbers, notes = _phone(request, entitlement, policy) if assignment.channels["phone"].eligible else ((), ())
    edition = policy.edition
    return Decision(
        assigned_channel=assignment.channel,
        assigned_tier=assignment.tier,
        priority=judged.priority,
        needs_triage=assignment.needs_triage,
        channels=assignment.channels,
        milestones={milestone: _decided(milestone, terms, hours, start) for milestone, terms in promised.terms},
        escalation=assignment.escalation,
        phone_numbers=numbers,
        edition=edition.edition,
        policy_sha256=policy.policy_sha256,
        trace=(*assignment.steps, judged.step, *promised.steps, hours.step),
        priority_rule=judged.step.rule,
        entitlement=entitlement.used(),
        calendar=hours.name,
        tzdata_version=edition.tzdata_version,
        holidays_version=edition.holidays_version,
        notes=notes,
    )


def _phone(
    request: SupportRequest, entitlement: Entitlement, policy: Rulebook
) -> tuple[tuple[PhoneNumber, ...], tuple[Reason, ...]]:
    """The numbers to call and the notes beside them, for someone who may call."""
    country = request.country or entitlement.country
    found = policy.phone.numbers_for(country)
    calling = request.channel == "phone"
    notes = policy.phone.notes(country, found.listed, calling=calling, ready=request.phone)
    return found.numbers, notes


def _decided(milestone: Milestone, terms: MilestoneTerms, hours: Hours, start: Micros) -> DecidedMilestone:
    return DecidedMilestone(
        target_seconds=terms.target_seconds,
        hours=terms.hours,
        promise=terms.promise,
        reason=terms.reason,
        due_at=_due_at(milestone, terms, hours, start),
    )


def _due_at(milestone: Milestone, terms: MilestoneTerms, hours: Hours, start: Micros) -> datetime | None:
    """The deadline of a clock that starts at the submission; None without a target, or if the calendar never opens."""
    if terms.target_seconds is None or terms.hours is None or not MILESTONE_TABLE[milestone].starts_at_submission:
        return None
    try:
        return from_micros(due_micros(start, terms.target_seconds * SECOND, terms.hours, hours.calendar))
    except NeverOpen:
        return None
