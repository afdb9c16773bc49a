"""[pure] The decision for one request: which channels are open, who takes it, how urgent it is, what is promised.

`route` answers every request, whoever asks: nothing is ever dropped. What it cannot grant it explains, by reason codes:
whoever shows a decision picks the language.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import NeverOpen
from shared.business_time.instants import Micros, from_micros, to_micros
from shared.contracts.structs import (
    ChannelVerdict,
    DecidedMilestone,
    Decision,
    PhoneNumber,
    PhoneReadiness,
    Reason,
)
from shared.contracts.vocabulary import OpenedBy
from shared.policy.condition import Situation
from shared.policy.deadlines import deadline_of
from shared.routing.entitlement import Entitlement
from shared.routing.outlines import Outline
from shared.routing.phone_directory import HAVE_AT_HAND, is_ready
from shared.routing.rulebook import Rulebook


class SupportRequest(Protocol):
    """What is asked: the part of a submitted request that decides."""

    @property
    def channel(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, str]: ...
    @property
    def language(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...
    @property
    def phone(self) -> PhoneReadiness | None: ...
    @property
    def opened_by(self) -> OpenedBy: ...


class Asked(NamedTuple):
    """A `SupportRequest` for those who have no event of a submission."""

    channel: str
    fields: Mapping[str, str]
    language: str | None = None
    country: str | None = None
    phone: PhoneReadiness | None = None
    opened_by: OpenedBy = "customer"


def route(request: SupportRequest, entitlement: Entitlement, policy: Rulebook, at: datetime) -> Decision:
    """The decision for `request` by someone with `entitlement`, received at `at`, under the edition of `policy`.

    Raises NotInEdition for a request with words that the edition does not know, and CalendarError for an `at` in the
    first or last years that datetime has: no deadline can be computed.
    """
    start = to_micros(at, "at")
    key = (
        entitlement.profile,
        entitlement.requester_from,
        entitlement.country,
        entitlement.calendar,
        entitlement.not_in_edition,
        request.channel,
        request.language,
        request.country,
        request.opened_by,
        *request.fields.items(),
    )
    outline = policy.outlines.get(key)
    if outline is None:
        outline = _outline(request, entitlement, policy)
        policy.outlines.offer(key, outline)
    return replace(
        outline.decision,
        milestones=_with_deadlines(outline, policy.calendars, start),
        entitlement=entitlement.used(),
        notes=outline.notes_if_ready if is_ready(request.phone) else outline.decision.notes,
    )


def _outline(request: SupportRequest, entitlement: Entitlement, policy: Rulebook) -> Outline:
    edition = policy.edition
    asked = situation_of(request, entitlement, policy)
    assignment = policy.assignment(entitlement, asked)
    assigned = asked if assignment.channel == asked.channel else asked._replace(channel=assignment.channel)
    urgency = policy.priority(assigned)
    promised = policy.promised(assigned, urgency.priority, assignment.tier, request.opened_by)
    hours = policy.hours(entitlement, request.country, assigned)
    numbers, notes, notes_if_ready = _phone(request, entitlement, policy, assignment.channels)
    decision = Decision(
        assigned_channel=assignment.channel,
        assigned_tier=assignment.tier,
        priority=urgency.priority,
        needs_triage=assignment.needs_triage,
        channels=assignment.channels,
        milestones=promised.milestones,
        escalation=assignment.escalation,
        phone_numbers=numbers,
        edition=edition.edition,
        policy_sha256=policy.policy_sha256,
        trace=(*assignment.steps, urgency.step, *promised.steps, hours.step),
        priority_rule=urgency.step.rule,
        entitlement=entitlement.used(),
        calendar=hours.name,
        tzdata_version=edition.tzdata_version,
        holidays_version=edition.holidays_version,
        notes=notes + assignment.help_texts,
    )
    return Outline(decision, promised.timed, hours.calendar, notes_if_ready + assignment.help_texts)


def situation_of(request: SupportRequest, entitlement: Entitlement, policy: Rulebook) -> Situation:
    """What conditions may ask about `request`; its channel is the one that it asks for. Raises NotInEdition."""
    profile = entitlement.profile
    return Situation(
        profile.plan,
        profile.account_type,
        profile.role,
        profile.licensed,
        profile.paid,
        request.channel,
        request.language,
        entitlement.country or request.country,
        policy.completed.of(request.channel, request.fields),
    )


def _phone(
    request: SupportRequest, entitlement: Entitlement, policy: Rulebook, channels: Mapping[str, ChannelVerdict]
) -> tuple[tuple[PhoneNumber, ...], tuple[Reason, ...], tuple[Reason, ...]]:
    """For someone who may call, the numbers, the notes beside them, and the notes for a caller who is ready."""
    phone = policy.phone
    if phone is None or not channels[phone.channel].eligible:
        return (), (), ()
    numbers, notes = phone.numbers_for(request.country or entitlement.country)
    calling = request.channel == phone.channel
    return numbers, (*notes, HAVE_AT_HAND) if calling else notes, notes


def _with_deadlines(
    outline: Outline, calendars: Mapping[str, BusinessCalendar], start: Micros
) -> dict[str, DecidedMilestone]:
    """What is promised, with the deadlines of the clocks that start at the submission."""
    milestones = outline.decision.milestones.copy()
    for milestone, calendar in outline.timed:
        terms = milestones[milestone]
        due_at = _due_at(start, terms, outline.calendar if calendar is None else calendars[calendar])
        if due_at is not None:
            milestones[milestone] = replace(terms, due_at=due_at)
    return milestones


def _due_at(start: Micros, terms: DecidedMilestone, calendar: BusinessCalendar) -> datetime | None:
    """The deadline; None if the calendar never opens."""
    try:
        return from_micros(deadline_of(terms, start, calendar))
    except NeverOpen:
        return None
