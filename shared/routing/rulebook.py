"""[pure] An edition made ready to decide by: what follows from few inputs is worked out once and kept.

All caches here are bounded by the vocabulary (plans, account types, roles, …) and by the countries and calendars that
the edition names, never by what customers send.
"""

from datetime import datetime
from typing import NamedTuple, Protocol

from shared.business_time.calendar import BusinessCalendar
from shared.contracts.structs import ChannelVerdict, EscalationRights, MilestoneTerms, TraceStep
from shared.contracts.vocabulary import (
    Channel,
    Environment,
    Impact,
    Milestone,
    Plan,
    Priority,
    RequesterFrom,
    RequestType,
    Tier,
    Workaround,
)
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.policy.promises import promised
from shared.routing import access, decision_trace
from shared.routing.calendar_choice import CalendarInputs, choose
from shared.routing.entitlement import Entitlement, Profile
from shared.routing.phone_directory import Directory
from shared.routing.priority import priority_of


class Assignment(NamedTuple):
    """Where a requester who wants a channel goes, and what is open to them."""

    channels: dict[Channel, ChannelVerdict]
    channel: Channel
    tier: Tier
    staffed: bool
    needs_triage: bool
    escalation: EscalationRights
    steps: tuple[TraceStep, ...]


class PriorityDecision(NamedTuple):
    """A priority and how it came about."""

    priority: Priority
    step: TraceStep


class PromisedTerms(NamedTuple):
    """The terms of each milestone and how they came about."""

    terms: tuple[tuple[Milestone, MilestoneTerms], ...]
    steps: tuple[TraceStep, ...]


class Hours(NamedTuple):
    """The calendar whose open hours count, and why that one: `rule` is the place in the edition that names it."""

    name: str
    calendar: BusinessCalendar
    step: TraceStep
    rule: str


class Rulebook:
    """One edition, its digest and its calendars, with the answers that were needed so far.

    An edition that was read from the log has its `sha256` from there: written again it could have other bytes.
    """

    def __init__(self, edition: Edition, sha256: str | None = None) -> None:
        self.edition = edition
        self.policy_sha256 = sha256 or policy_sha256(edition)
        self.phone = Directory(edition.phone)
        self._calendars = {name: BusinessCalendar.from_config(config) for name, config in edition.calendars.items()}
        self._countries = {None, *edition.regional_hours.countries, *edition.regional_hours.regions}
        self._hours: dict[CalendarInputs, Hours] = {}
        self._channels: dict[Profile, dict[Channel, ChannelVerdict]] = {}
        self._assignments: dict[tuple[Profile, RequesterFrom, Channel, RequestType], Assignment] = {}
        self._judged: dict[tuple[Impact, Workaround, Environment], PriorityDecision] = {}
        self._promised: dict[tuple[Plan, Priority, bool], PromisedTerms] = {}

    def channels(self, profile: Profile) -> dict[Channel, ChannelVerdict]:
        """Every channel's verdict for `profile`. Shared between decisions: not to be changed."""
        known = self._channels.get(profile)
        if known is None:
            known = self._channels[profile] = access.verdicts(self.edition, profile)
        return known

    def assignment(
        self, profile: Profile, requester_from: RequesterFrom, wanted: Channel, request_type: RequestType
    ) -> Assignment:
        """Where `profile` goes with a request of this type for channel `wanted`."""
        key = (profile, requester_from, wanted, request_type)
        known = self._assignments.get(key)
        if known is None:
            known = self._assignments[key] = self._assign(profile, requester_from, wanted, request_type)
        return known

    def judged(self, impact: Impact, workaround: Workaround, environment: Environment) -> PriorityDecision:
        """The priority of what the customer says."""
        key = (impact, workaround, environment)
        known = self._judged.get(key)
        if known is None:
            found = priority_of(self.edition, impact, workaround, environment)
            known = self._judged[key] = PriorityDecision(
                found.priority, decision_trace.step_because(found.rule, True, found.why)
            )
        return known

    def promised(self, plan: Plan, priority: Priority, staffed: bool) -> PromisedTerms:
        """What a case of this plan and priority is promised."""
        key = (plan, priority, staffed)
        known = self._promised.get(key)
        if known is None:
            terms = promised(self.edition, plan, priority, staffed=staffed)
            steps = [
                decision_trace.milestone_step(milestone, plan, priority, each) for milestone, each in terms.items()
            ]
            known = self._promised[key] = PromisedTerms(tuple(terms.items()), tuple(steps))
        return known

    def hours(self, entitlement: Entitlement, claimed_country: str | None) -> Hours:
        """The calendar of a case by someone with `entitlement`, who claims to be in a country."""
        return self.hours_at(CalendarInputs.of(entitlement, claimed_country))

    def hours_at(self, where: CalendarInputs) -> Hours:
        """The calendar that counts there."""
        if where.named in self._calendars:
            where = CalendarInputs(where.named, None, False)  # the country does not matter then
        known = self._hours.get(where)
        if known is None:
            known = self._choose(where)
            if where.named in self._calendars or (where.named is None and where.country in self._countries):
                self._hours[where] = known
        return known

    def _choose(self, where: CalendarInputs) -> Hours:
        chosen = choose(self.edition, where)
        step = decision_trace.step_because("calendar", chosen.as_asked, chosen.why)
        return Hours(chosen.name, self._calendars[chosen.name], step, chosen.rule)

    def _assign(
        self, profile: Profile, requester_from: RequesterFrom, wanted: Channel, request_type: RequestType
    ) -> Assignment:
        channels = self.channels(profile)
        channel = channels[wanted].use_instead or wanted
        tier = channels[channel].tier
        if tier is None:
            raise AssertionError(f"channel {channel} takes the place of {wanted}, yet it is closed")
        plan = self.edition.plans[profile.plan]
        covered = profile.standing == "covered"
        rights = EscalationRights(
            automated=covered and plan.automated_escalation,
            technical_account_manager=covered and plan.technical_account_manager,
            customer_requested=access.may_ask_for_escalation(self.edition, profile, request_type),
        )
        return Assignment(
            channels,
            channel,
            tier,
            self.edition.channels[channel].staffed,
            profile.standing in ("unknown_account", "withdrawn"),
            rights,
            decision_trace.assignment_steps(profile, requester_from, channels, wanted, channel, rights, request_type),
        )


class Rules(Protocol):
    """Where a router finds the rules for a request. `Rulebooks` is one."""

    def at(self, received_at: datetime) -> Rulebook:
        """The rules that hold for a request received at this instant."""


class Rulebooks:
    """The editions that a router decides by."""

    def __init__(self, library: EditionLibrary) -> None:
        self._library = library
        self._books = {policy_sha256(edition): Rulebook(edition) for edition in library.editions}

    def at(self, received_at: datetime) -> Rulebook:
        """The rules that hold for a request received at this instant."""
        return self._books[policy_sha256(self._library.effective_at(received_at))]
