"""[pure] The policy document: one validated, versioned edition of the rules.

All words and rules of a company are data here: its plans, channels, priorities and milestones, who may use which
channel at which tier, which priority a request gets, what is promised, in which hours it counts, who is called when.
Texts for people are in the edition's languages. `loader.py` reads the YAML files of `policies/` into this model and
refuses ambiguous ones.
"""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.business_time.config import CalendarConfig
from shared.contracts.base import Instant
from shared.contracts.vocabulary import ActivityType, Hours, Language, Promise, Status, StatusKind, Until
from shared.policy.base import Named, Rule, Seconds, Some, Text, Word
from shared.policy.condition import Condition
from shared.policy.milestones import MilestoneRow

ANYBODY: tuple[Condition, ...] = (Condition(),)  # the alternatives of a rule without a condition


class NoTargets(Rule):
    """Why the people of a tier promise no times: a reason code, and its sentence."""

    reason: Word
    because: Text


class Tier(Named):
    """A level of support."""

    no_targets: NoTargets | None = None


class ChannelPolicy(Named):
    """One channel: whether people answer on it, who may use it at all, and the channels to use instead (best first)."""

    staffed: bool
    requires: Condition = Condition()  # for everyone, before any access rule: live chat needs a paid account
    fallback: tuple[Word, ...] = ()
    around_the_clock: bool = False
    resource: str | None = None  # a reference into `Edition.resources`


class PlanPolicy(Named):
    """The benefits of a plan besides its access rules. The access rules of the plan `includes` hold for it as well."""

    includes: Word | None = None
    priority_response: bool = False
    automated_escalation: bool = False
    technical_account_manager: bool = False
    note: str | None = None


# What a plan gives beside its access: the fields above that say yes or no.
RIGHTS = ("priority_response", "automated_escalation", "technical_account_manager")


class AccountType(Named):
    """A kind of account. It meets conditions that name it, or one of the types that it counts as."""

    counts_as: tuple[Word, ...] = ()
    note: str | None = None


class Role(Named):
    """A person's role in the account. It meets conditions that name it, or one of the roles that it counts as."""

    counts_as: tuple[Word, ...] = ()
    note: str | None = None


class FieldValue(Named):
    """One of the values of a field. `choice` is how a form offers it, in the customer's words; else by its name."""

    choice: Text | None = None


class FieldPolicy(Named):
    """What a request says besides its text: a choice of values. One with a `default` may be left out.

    `name` is a noun, for sentences; `question` is what a form asks.
    """

    question: Text | None = None
    values: dict[Word, FieldValue] = Field(min_length=1)
    default: Word | None = None


class NotCovered(Rule):
    """What an unknown account counts as, and an anonymous person: unpaid, and unlicensed."""

    plan: Word
    account_type: Word
    role: Word


class AccessRule(Rule):
    """These plans open these channels at this tier to whoever meets any of the conditions. The highest tier wins.

    `without_account`: also to people whom no account covers. Channels without people are open to them anyway.
    """

    id: str
    plans: Some[Word]
    channels: Some[Word]
    tier: Word
    any_of: Some[Condition] = ANYBODY
    without_account: bool = False
    source: str | None = None  # where the vendor states it
    note: str | None = None


class Assignment(Rule):
    """Where requests go that meet any of the conditions, whatever channel they asked for, if it is open to them."""

    id: str
    any_of: Some[Condition] = ANYBODY
    channel: Word
    note: str | None = None


class PriorityRule(Rule):
    """A priority and its alternative conditions. The first rule that holds decides; the last has no condition."""

    id: str
    priority: Word
    any_of: Some[Condition] = ANYBODY
    note: str | None = None


class PriorityText(Rule):
    """The vendor's definition of a priority, and the resources for it."""

    definition: Text | None = None
    resources: Text | None = None


class Target(Condition):
    """A promise to cases on staffed channels that meet its condition. Per milestone the first that holds counts.

    `target_seconds` counts in `hours`. A target in business days counts open hours: see docs/calendars.md. `calendar`
    names another calendar than the case's.
    """

    id: str | None = None
    priorities: Some[Word] | None = None
    milestone: Word
    target_seconds: Seconds | None = Field(default=None, gt=0)
    target_business_days: int | None = Field(default=None, gt=0, le=1_000)
    until: Until | None = None
    hours: Hours | None = None
    open_at_least: Seconds | None = Field(default=None, gt=0)
    calendar: Word | None = None
    promise: Promise
    source: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _has_one_length(self) -> Self:
        if (self.target_seconds is None) == (self.target_business_days is None):
            raise ValueError("needs one of target_seconds and target_business_days")
        if self.target_seconds is not None and self.hours is None:
            raise ValueError("needs hours: elapsed, business or elapsed_then_next_open")
        if self.target_business_days is not None and self.hours not in (None, "business"):
            raise ValueError("counts in business days, so its hours are business hours: leave hours out")
        if self.target_business_days is None and self.until is not None:
            raise ValueError("has `until`, which is for target_business_days")
        if self.calendar is not None and self.counts_in == "elapsed":
            raise ValueError("has `calendar`, which is for hours that open and close")
        if self.open_at_least is not None and self.hours != "elapsed_then_next_open":
            raise ValueError("has `open_at_least`, which is for hours: elapsed_then_next_open")
        return self

    @property
    def counts_in(self) -> Hours:
        """The hours that the target counts in."""
        return self.hours or "business"


LevelKind = Literal["warning", "escalation"]


class Repeat(Rule):
    """A level repeats its call every `every_seconds`, at most `times` times, until the next level is reached."""

    every_seconds: Seconds = Field(gt=0)
    times: int = Field(ge=1, le=100)


class EscalationLevel(Rule):
    """One step of the chain, counted in the target's own hours.

    It is reached at `share` of the target (1.0 = the deadline), or by a time before or after the deadline. A `warning`
    is before the deadline and for every plan with the target. An `escalation` needs a plan with automated escalation;
    for other plans, the first one that would call is published as suppressed.
    """

    kind: LevelKind
    level: int = Field(ge=0)
    share: float | None = Field(default=None, gt=0)
    before_deadline_seconds: Seconds | None = Field(default=None, gt=0)
    after_deadline_seconds: Seconds | None = Field(default=None, ge=0)
    repeat: Repeat | None = None
    called: Word
    note: str | None = None

    @model_validator(mode="after")
    def _comes_once(self) -> Self:
        given = [name for name in _WHEN if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_WHEN)}, not {' and '.join(given) or 'none'}")
        return self


_WHEN = ("share", "before_deadline_seconds", "after_deadline_seconds")


class Addressee(Named):
    """Who is called when a promise is at risk."""


class Acknowledgement(Rule):
    """Somebody has taken the call of a milestone: its chain stops, its clock does not.

    The chain goes on after `silence_seconds` without another acknowledgement or an agent's reply.
    """

    silence_seconds: Seconds = Field(default=3600, gt=0)


class CustomerEscalation(Rule):
    """Who may ask for an escalation, for which requests (`requires`), and after which waiting times."""

    requires: Condition = Condition()
    any_of: Some[Condition] = ANYBODY
    wait_after_submission_seconds: Seconds = Field(ge=0)
    wait_after_rejection_seconds: Seconds = Field(ge=0)
    source: str | None = None


class ImpossibleAccount(Condition):
    """What no entitlement may say, such as a plan that needs a paid account on one that is not."""

    id: str
    note: str | None = None


class DirectoryNumber(Rule):
    """A number of the phone directory. `as_printed` is the vendor's text; `e164` null = no international form."""

    as_printed: str
    dial: str
    e164: str | None
    extension: str | None = None
    unverified: str | None = None


class CountryDirectory(Rule):
    """The numbers to call from one country, in the vendor's order."""

    name: Text
    numbers: Some[DirectoryNumber]


class PhoneDirectory(Rule):
    """The channel that is a phone, all its numbers by ISO country, and the notes to show with them."""

    channel: Word
    tariff_note: Text
    have_at_hand: Text
    countries: dict[str, CountryDirectory]


class LiveChat(Rule):
    """The channel on which customers and agents write to each other at once."""

    channel: Word


class CalendarRule(Rule):
    """The calendar of cases that meet any of the conditions."""

    id: str
    any_of: Some[Condition]
    calendar: str
    note: str | None = None


class RegionalHours(Rule):
    """The calendar of a case: of the first of `rules` that holds, of the country, of its region, else `default`."""

    rules: tuple[CalendarRule, ...] = ()
    countries: dict[str, str] = {}  # ISO country -> name of a calendar
    regions: dict[str, str] = {}  # ISO country -> name of a calendar, for countries without one of their own
    default: str

    @property
    def calendars(self) -> frozenset[str]:
        """The names of all calendars that a case may have by these rules."""
        by_rule = (rule.calendar for rule in self.rules)
        return frozenset((self.default, *self.countries.values(), *self.regions.values(), *by_rule))


class Edition(Rule):
    """A whole edition, resolved: calendars hold dates, not references to holiday sets.

    The order of `tiers` and `plans` is from least to most, that of `priorities` from most to least urgent; the first of
    the `languages` is the fallback. Remarks (`source`, `note`, `notes`) are in one language; `translations` has their
    translations, if any: language -> remark -> text. The loader records the last four fields; a file does not have
    them. `holiday_names` has the names of holidays in the edition's languages: calendar -> name there -> text.
    """

    edition: str
    languages: Some[Language] = ("en",)
    title: Text
    effective_from: Instant
    source: str
    notes: tuple[str, ...] = ()
    tiers: dict[Word, Tier] = Field(min_length=1)
    channels: dict[Word, ChannelPolicy] = Field(min_length=1)
    plans: dict[Word, PlanPolicy] = Field(min_length=1)
    account_types: dict[Word, AccountType] = Field(min_length=1)
    roles: dict[Word, Role] = Field(min_length=1)
    fields: dict[Word, FieldPolicy] = {}
    not_covered: NotCovered
    access: tuple[AccessRule, ...]
    assignments: tuple[Assignment, ...] = ()
    priorities: dict[Word, PriorityText] = Field(min_length=1)
    priority_rules: Some[PriorityRule]
    milestones: dict[Word, MilestoneRow]
    statuses: dict[Status, StatusKind] = {}
    reopened_by: tuple[ActivityType, ...] = ()
    wait_ends_with: tuple[ActivityType, ...] = ()
    targets: tuple[Target, ...] = ()
    addressees: dict[Word, Addressee] = {}
    escalation_levels: tuple[EscalationLevel, ...] = ()
    acknowledgement: Acknowledgement = Acknowledgement()
    customer_escalation: CustomerEscalation | None = None
    impossible_accounts: tuple[ImpossibleAccount, ...] = ()
    phone: PhoneDirectory | None = None
    live_chat: LiveChat | None = None
    resources: dict[str, Text] = {}
    regional_hours: RegionalHours
    calendars: dict[str, CalendarConfig]
    translations: dict[Language, dict[str, str]] = {}
    tzdata_version: str
    holidays_version: str
    holiday_years: tuple[int, int]  # first and last year whose public holidays were resolved to dates
    holiday_names: dict[str, dict[str, Text]] = {}

    def is_live_chat(self, channel: str) -> bool:
        """Whether that is the channel on which people chat."""
        return self.live_chat is not None and channel == self.live_chat.channel

    def remark(self, text: str | None, language: Language) -> str | None:
        """A remark in `language`, or untranslated if it has no translation."""
        return None if text is None else self.translations.get(language, {}).get(text, text)

    def plans_held(self, plan: str) -> tuple[str, ...]:
        """`plan` and every plan that it includes, from most to least; as far as the edition has them."""
        held: list[str] = []
        following: str | None = plan
        while following in self.plans and following not in held:
            held.append(following)
            following = self.plans[following].includes
        return tuple(held)

    def roles_that_count_as(self, roles: Iterable[str]) -> frozenset[str]:
        """The roles that meet a condition which names `roles`."""
        asked = frozenset(roles)
        return asked | {role for role, entry in self.roles.items() if not asked.isdisjoint(entry.counts_as)}

    def account_types_that_count_as(self, account_types: Iterable[str]) -> frozenset[str]:
        """The account types that meet a condition which names `account_types`."""
        asked = frozenset(account_types)
        return asked | {kind for kind, entry in self.account_types.items() if not asked.isdisjoint(entry.counts_as)}
