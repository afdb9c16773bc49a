"""[pure] The policy document: one validated, versioned edition of the rules.

All rules of a vendor are data here: who may use which channel at which tier, which priority a request gets, which
targets a plan includes, in which hours they count, who is called when. Texts for people are in Spanish and English.
`loader.py` reads the YAML files of `policies/` into this model and refuses ambiguous ones.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from shared.business_time.config import CalendarConfig
from shared.contracts.base import Instant
from shared.contracts.vocabulary import (
    LANGUAGES,
    AccountType,
    Called,
    Channel,
    Environment,
    Hours,
    Impact,
    Language,
    Milestone,
    Plan,
    Priority,
    Promise,
    ReopenMode,
    RequestType,
    Role,
    Tier,
    Workaround,
)
from shared.policy.durations import DURATION_PATTERN, parse_duration

# The loader validates with this context. A saved edition is read without it: its texts may lack a language that was
# added later, and its open cases must not depend on that.
COMPLETE = {"languages": LANGUAGES}


def _in_every_language(text: dict[Language, str], info: ValidationInfo) -> dict[Language, str]:
    languages: tuple[Language, ...] = (info.context or {}).get("languages", ())
    missing = [language for language in languages if not text.get(language, "").strip()]
    if missing:
        raise ValueError(f"has no text in {' and '.join(missing)}; people read it in {' and '.join(languages)}")
    return text


def in_language(text: Mapping[Language, str], language: Language) -> str:
    """A text in `language`, or in its first language: a saved edition lacks languages that were added later."""
    return text.get(language) or next(iter(text.values()))


T = TypeVar("T")
# A non-empty list: a rule with an empty one would never hold.
Some = Annotated[tuple[T, ...], Field(min_length=1)]
# A text for people; a file must have it in every language of LANGUAGES.
Text = Annotated[dict[Language, str], AfterValidator(_in_every_language)]
# Seconds; a file may also have "5s", "30m", "4h", "2d" (a day is 24 hours) or a sum such as "22h 30m".
Seconds = Annotated[
    int,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": DURATION_PATTERN}]}, mode="validation"
    ),
]


class Rule(BaseModel):
    """Base of every part of the document. Unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Rule):
    """Holds if every given field holds; an absent field always holds.

    `roles` also match roles that count as them: an owner counts as an admin, an admin as a member
    (`Edition.role_counts_as`). So do `account_types` (`Edition.account_type_counts_as`).
    """

    roles: Some[Role] | None = None
    licensed: bool | None = None
    account_types: Some[AccountType] | None = None
    paid: bool | None = None


class ChannelPolicy(Rule):
    """One channel: whether people answer on it, who may use it at all, and the channels to use instead (best first)."""

    name: Text
    staffed: bool
    requires: Condition = Condition()  # for everyone, before any access rule: live chat needs a paid account
    fallback: tuple[Channel, ...] = ()
    around_the_clock: bool = False
    resource: str | None = None  # a reference into `Edition.resources`


class AccessRule(Rule):
    """These plans open these channels at this tier to whoever meets any of the conditions. The highest tier wins."""

    id: str
    plans: Some[Plan]
    channels: Some[Channel]
    tier: Tier
    any_of: Some[Condition]
    source: str  # where the vendor states it
    note: str | None = None


class PlanPolicy(Rule):
    """The benefits of a plan besides its access rules. The access rules of the plan `includes` hold for it as well."""

    name: Text
    includes: Plan | None = None
    priority_response: bool
    automated_escalation: bool
    technical_account_manager: bool


class PriorityRule(Rule):
    """A priority and its alternative conditions. The first rule that matches decides."""

    id: str
    priority: Priority
    any_of: Some["PriorityCondition"]
    note: str | None = None


class PriorityCondition(Rule):
    """Holds if every given field matches the customer's claim; an absent field always matches."""

    impacts: Some[Impact] | None = None
    workarounds: Some[Workaround] | None = None
    environments: Some[Environment] | None = None


class PriorityText(Rule):
    """The vendor's definition of a priority, and the resources for it."""

    definition: Text
    resources: Text


class Target(Rule):
    """A promise to cases of these plans and priorities on staffed channels: milestone, duration, kind of hours."""

    plans: Some[Plan]
    priorities: Some[Priority]
    milestone: Milestone
    target_seconds: Seconds = Field(gt=0)
    hours: Hours
    promise: Promise
    source: str | None = None
    note: str | None = None


class MilestonePolicy(Rule):
    """The behaviour of a milestone's clocks, for every plan and priority."""

    paused_by: tuple[str, ...] = ()
    reopen: ReopenMode = "resume"


LevelKind = Literal["warning", "escalation"]


class Repeat(Rule):
    """A level repeats its call every `every_seconds`, at most `times` times, until the next level is reached."""

    every_seconds: Seconds = Field(gt=0)
    times: int = Field(ge=1, le=100)


class EscalationLevel(Rule):
    """One step of the chain, counted in the target's own hours.

    It is reached at `share` of the target (1.0 = the deadline), or by a time before or after the deadline. A `warning`
    is before the deadline and for every plan with the target. An `escalation` needs a plan with automated escalation;
    for other plans, the lowest one is published as suppressed.
    """

    kind: LevelKind
    level: int = Field(ge=0)
    share: float | None = Field(default=None, gt=0)
    before_deadline_seconds: Seconds | None = Field(default=None, gt=0)
    after_deadline_seconds: Seconds | None = Field(default=None, ge=0)
    repeat: Repeat | None = None
    called: Called
    note: str | None = None

    @model_validator(mode="after")
    def _comes_once(self) -> Self:
        given = [name for name in _WHEN if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_WHEN)}, not {' and '.join(given) or 'none'}")
        return self


_WHEN = ("share", "before_deadline_seconds", "after_deadline_seconds")


class CustomerEscalation(Rule):
    """Who may ask for an escalation, for which requests, and after which waiting times."""

    any_of: Some["CustomerEscalationCondition"]
    request_types: Some[RequestType]
    wait_after_submission_seconds: Seconds = Field(ge=0)
    wait_after_rejection_seconds: Seconds = Field(ge=0)
    source: str | None = None


class CustomerEscalationCondition(Condition):
    """A condition that may also require a plan."""

    plans: Some[Plan] | None = None


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
    """All numbers by ISO country, and the notes to show with them."""

    tariff_note: Text
    have_at_hand: Text
    countries: dict[str, CountryDirectory]


class RegionalHours(Rule):
    """The calendar of a country: its own, else that of its region, else `default`."""

    countries: dict[str, str]  # ISO country -> name of a calendar
    regions: dict[str, str] = {}  # ISO country -> name of a calendar, for countries without one of their own
    default: str


class Edition(Rule):
    """A whole edition, resolved: calendars hold dates, not references to holiday sets.

    Remarks (`source`, `note`, `notes`) are in one language; `translations` has their translations, if any: language ->
    remark -> text. The loader records the last four fields; a file does not have them. `holiday_names` has the names of
    holidays that the `holidays` package has in Spanish: calendar -> name in the calendar -> text.
    """

    edition: str
    title: Text
    effective_from: Instant
    source: str
    notes: tuple[str, ...] = ()
    channels: dict[Channel, ChannelPolicy]
    plans: dict[Plan, PlanPolicy]
    role_counts_as: dict[Role, tuple[Role, ...]]  # owner: [owner, admin, member], …
    account_type_counts_as: dict[AccountType, tuple[AccountType, ...]]  # business_plus: [business_plus, business], …
    access: tuple[AccessRule, ...]
    priorities: dict[Priority, PriorityText]
    priority_rules: tuple[PriorityRule, ...]
    milestones: dict[Milestone, MilestonePolicy]
    targets: tuple[Target, ...]
    escalation_levels: tuple[EscalationLevel, ...]
    customer_escalation: CustomerEscalation
    phone: PhoneDirectory
    resources: dict[str, Text]
    regional_hours: RegionalHours
    calendars: dict[str, CalendarConfig]
    translations: dict[Language, dict[str, str]] = {}
    tzdata_version: str
    holidays_version: str
    holiday_years: tuple[int, int]  # first and last year whose public holidays were resolved to dates
    holiday_names: dict[str, dict[str, Text]] = {}

    def remark(self, text: str | None, language: Language) -> str | None:
        """A remark in `language`, or untranslated if it has no translation."""
        return None if text is None else self.translations.get(language, {}).get(text, text)
