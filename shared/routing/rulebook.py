"""[pure] An edition made ready to decide by: what follows from few inputs is worked out once and kept.

All caches here are bounded, whatever customers send.
"""

from datetime import datetime
from typing import NamedTuple, Protocol

from shared.business_time.calendar import BusinessCalendar
from shared.contracts.structs import (
    ChannelVerdict,
    DecidedMilestone,
    EscalationRights,
    MilestoneTerms,
    Reason,
    TraceStep,
)
from shared.contracts.vocabulary import CoverageStatus, OpenedBy, RequesterFrom
from shared.policy.condition import Remembered, Situation
from shared.policy.deadlines import has_target
from shared.policy.digest import policy_sha256
from shared.policy.edition_calendars import EditionCalendars
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.policy.promises import CaseKind, promised
from shared.policy.regional import calendar_by_rule
from shared.policy.request_words import completed_by
from shared.routing import access, decision_trace
from shared.routing.calendar_choice import CalendarInputs, choose
from shared.routing.entitlement import NEEDS_TRIAGE, Entitlement, Profile
from shared.routing.outlines import Outlines
from shared.routing.phone_directory import Directory
from shared.routing.priority import priority_of


class Assignment(NamedTuple):
    """Where a requester who wants a channel goes, and what is open to them.

    `help_texts` is what there is for somebody to whom the wanted channel is closed.
    """

    channels: dict[str, ChannelVerdict]
    channel: str
    tier: str
    needs_triage: bool
    escalation: EscalationRights
    help_texts: tuple[Reason, ...]
    steps: tuple[TraceStep, ...]


class PriorityDecision(NamedTuple):
    """A priority and how it came about."""

    priority: str
    step: TraceStep


class PromisedTerms(NamedTuple):
    """What is promised for each milestone, without its deadline, and how that came about.

    `timed` has those whose clock starts at the submission, so that a decision has their deadline, each with the
    calendar that the target names instead of the case's.
    """

    milestones: dict[str, DecidedMilestone]
    timed: tuple[tuple[str, str | None], ...]
    steps: tuple[TraceStep, ...]


class Hours(NamedTuple):
    """The calendar whose open hours count, and why that one: `rule` is the place in the edition that names it."""

    name: str
    calendar: BusinessCalendar
    step: TraceStep
    rule: str


_EVERYTHING_ABOUT_PEOPLE = ("plans", "account_types", "roles", "licensed", "paid")


class Rulebook:
    """One edition, its digest and its calendars, with the answers that were needed so far.

    An edition that was read from the log has its `sha256` from there: written again it could have other bytes.
    """

    def __init__(self, edition: Edition, sha256: str | None = None) -> None:
        self.edition = edition
        self.policy_sha256 = sha256 or policy_sha256(edition)
        self.phone = None if edition.phone is None else Directory(edition.phone)
        self.completed = completed_by.of(edition)
        self.calendars = EditionCalendars(edition)
        self._countries = {None, *edition.regional_hours.countries, *edition.regional_hours.regions}
        self.outlines = Outlines()
        self._hours: dict[CalendarInputs, Hours] = {}
        of_access = access.conditions_of_access(edition)
        self._verdicts = Remembered(of_access, self._judge, always=("plans",))
        self._assignments = Remembered(
            [
                *of_access,
                *(when for rule in edition.assignments for when in rule.any_of),
                *access.conditions_of_asking(edition),
            ],
            self._assign,
            always=(*_EVERYTHING_ABOUT_PEOPLE, "channels"),
        )
        self._priorities = Remembered(
            (when for rule in edition.priority_rules for when in rule.any_of), self._prioritise
        )
        self._promised = Remembered(edition.targets, self._promise, always=("plans", "channels"))

    def channels(self, standing: CoverageStatus, situation: Situation) -> dict[str, ChannelVerdict]:
        """Every channel's verdict. Shared between decisions: not to be changed."""
        return self._verdicts.of(situation, standing)

    def assignment(self, entitlement: Entitlement, situation: Situation) -> Assignment:
        """Where a request goes; the channel of `situation` is the one that was asked for."""
        return self._assignments.of(
            situation, entitlement.profile.standing, entitlement.requester_from, entitlement.not_in_edition
        )

    def priority(self, situation: Situation) -> PriorityDecision:
        """How urgent a request is; the channel of `situation` is the assigned one."""
        return self._priorities.of(situation)

    def promised(self, situation: Situation, priority: str, tier: str, opened_by: OpenedBy) -> PromisedTerms:
        """What such a case is promised; the channel of `situation` is the assigned one."""
        return self._promised.of(situation, priority, tier, opened_by)

    def hours(self, entitlement: Entitlement, claimed_country: str | None, situation: Situation) -> Hours:
        """The calendar of a case by someone with `entitlement`, who claims to be in a country."""
        by_rule = calendar_by_rule(self.edition, situation)
        return self.hours_at(CalendarInputs.of(entitlement, claimed_country, by_rule))

    def hours_at(self, where: CalendarInputs) -> Hours:
        """The calendar that counts there."""
        if where.named in self.calendars:
            where = CalendarInputs(where.named, None, False)  # the country does not matter then
        elif where.by_rule is not None:
            where = CalendarInputs(where.named, None, False, where.by_rule)
        known = self._hours.get(where)
        if known is None:
            known = self._choose(where)
            if where.named in self.calendars or (where.named is None and where.country in self._countries):
                self._hours[where] = known
        return known

    def _choose(self, where: CalendarInputs) -> Hours:
        chosen = choose(self.edition, where)
        step = decision_trace.step_because("calendar", chosen.as_asked, chosen.why)
        return Hours(chosen.name, self.calendars[chosen.name], step, chosen.rule)

    def _judge(self, situation: Situation, standing: CoverageStatus) -> dict[str, ChannelVerdict]:
        return access.verdicts(self.edition, standing, situation)

    def _prioritise(self, situation: Situation) -> PriorityDecision:
        found = priority_of(self.edition, situation)
        return PriorityDecision(found.priority, decision_trace.step_because(found.rule, True, found.why))

    def _promise(self, situation: Situation, priority: str, tier: str, opened_by: OpenedBy) -> PromisedTerms:
        terms = promised(self.edition, CaseKind(situation, priority, tier, opened_by)).terms
        return PromisedTerms(
            {milestone: _without_deadline(each) for milestone, each in terms.items()},
            tuple(
                (milestone, each.calendar)
                for milestone, each in terms.items()
                if has_target(each) and self.edition.milestones[milestone].starts_at_submission
            ),
            tuple(
                decision_trace.milestone_step(milestone, situation.plan, priority, tier, each)
                for milestone, each in terms.items()
            ),
        )

    def _assign(
        self,
        situation: Situation,
        standing: CoverageStatus,
        requester_from: RequesterFrom,
        not_in_edition: str | None,
    ) -> Assignment:
        channels = self.channels(standing, situation)
        wanted = situation.channel
        sent_by = access.sent_elsewhere(self.edition, channels, situation)
        if sent_by is not None and sent_by.channel == wanted:
            sent_by = None
        channel = (channels[wanted].use_instead or wanted) if sent_by is None else sent_by.channel
        tier = channels[channel].tier
        if tier is None:
            raise AssertionError(f"channel {channel} takes the place of {wanted}, yet it is closed")
        plan = self.edition.plans[situation.plan]
        covered = standing == "covered"
        right = access.right_to_ask(self.edition, standing, situation._replace(channel=channel))
        rights = EscalationRights(
            automated=covered and plan.automated_escalation,
            technical_account_manager=covered and plan.technical_account_manager,
            customer_requested=right.may_ask,
        )
        profile = Profile(
            standing, situation.plan, situation.account_type, situation.paid, situation.role, situation.licensed
        )
        return Assignment(
            channels,
            channel,
            tier,
            standing in NEEDS_TRIAGE,
            rights,
            () if channels[wanted].eligible else access.help_texts(self.edition, channels),
            decision_trace.assignment_steps(
                profile, requester_from, channels, wanted, channel, sent_by, rights, not_in_edition
            ),
        )


def _without_deadline(terms: MilestoneTerms) -> DecidedMilestone:
    return DecidedMilestone(
        target_seconds=terms.target_seconds,
        hours=terms.hours,
        promise=terms.promise,
        reason=terms.reason,
        due_at=None,
        target_business_days=terms.target_business_days,
        until=terms.until,
        open_at_least=terms.open_at_least,
        calendar=terms.calendar,
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
