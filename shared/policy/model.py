"""[pure] The policy document: one validated, versioned edition of the rules.

Everything that a vendor promises is data here: who may use which channel at which tier, how priority follows from what
the customer says, which targets a plan buys, in which hours they count, who is called when. The texts for people are in
Spanish and English. `loader.py` reads the YAML of `policies/` into this model and refuses what is ambiguous.
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

# The loader validates with this context. Without it, as for an edition that was saved, texts may lack a language that
# came later: an open case must not depend on it.
COMPLETE = {"languages": LANGUAGES}


def _in_every_language(text: dict[Language, str], info: ValidationInfo) -> dict[Language, str]:
    languages: tuple[Language, ...] = (info.context or {}).get("languages", ())
    missing = [language for language in languages if not text.get(language, "").strip()]
    if missing:
        raise ValueError(f"has no text in {' and '.join(missing)}; people read it in {' and '.join(languages)}")
    return text


def said_in(text: Mapping[Language, str], language: Language) -> str:
    """A text in `language`, or in the first that it has: a saved edition lacks a language that came later."""
    return text.get(language) or next(iter(text.values()))


T = TypeVar("T")
# An empty list would be a rule that never holds.
Some = Annotated[tuple[T, ...], Field(min_length=1)]
# What people read; in a file, in every language that the edges speak.
Text = Annotated[dict[Language, str], AfterValidator(_in_every_language)]
# Seconds, or in a file also "5s", "30m", "4h", "2d" (a day is 24 hours) or sums of them such as "22h 30m".
Seconds = Annotated[
    int,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": DURATION_PATTERN}]}, mode="validation"
    ),
]


class Rule(BaseModel):
    """Any piece of the document. Unknown fields are mistakes here, not additions."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Rule):
    """Holds if every given field holds; an absent field asks nothing.

    `roles` are as the policy reads them: an owner counts as an admin, an admin as a member (`Edition.role_counts_as`),
    `account_types` likewise (`Edition.account_type_counts_as`).
    """

    roles: Some[Role] | None = None
    licensed: bool | None = None
    account_types: Some[AccountType] | None = None
    paid: bool | None = None


class ChannelPolicy(Rule):
    """One channel: whether people answer there, what anyone needs to use it, and where to go instead (best first)."""

    name: Text
    staffed: bool
    requires: Condition = Condition()  # of everyone, before any access rule: live chat needs a paid account
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
    source: str  # where the vendor says so
    note: str | None = None


class PlanPolicy(Rule):
    """What a plan brings beside its access rules. `includes` = its access rules hold for this plan as well."""

    name: Text
    includes: Plan | None = None
    priority_response: bool
    automated_escalation: bool
    technical_account_manager: bool


class PriorityRule(Rule):
    """First match decides. Within a rule the given fields must all hold; `any_of` lists alternatives."""

    id: str
    priority: Priority
    any_of: Some["PriorityCondition"]
    note: str | None = None


class PriorityCondition(Rule):
    """What the customer says; an absent field asks nothing."""

    impacts: Some[Impact] | None = None
    workarounds: Some[Workaround] | None = None
    environments: Some[Environment] | None = None


class PriorityText(Rule):
    """How the vendor defines a priority and what it puts to work on it."""

    definition: Text
    resources: Text


class Target(Rule):
    """A promise to cases of these plans and priorities on staffed channels: one milestone, how long, which hours."""

    plans: Some[Plan]
    priorities: Some[Priority]
    milestone: Milestone
    target_seconds: Seconds = Field(gt=0)
    hours: Hours
    promise: Promise
    source: str | None = None
    note: str | None = None


class MilestonePolicy(Rule):
    """How a milestone's clock behaves, whoever it is promised to."""

    paused_by: tuple[str, ...] = ()
    reopen: ReopenMode = "resume"


LevelKind = Literal["warning", "escalation"]


class Repeat(Rule):
    """A level calls again, at most so many times, after so long each, until the next level is reached."""

    every_seconds: Seconds = Field(gt=0)
    times: int = Field(ge=1, le=100)


class EscalationLevel(Rule):
    """One step of the chain, counted in the target's own hours.

    It comes at `share` of the target (1.0 = the deadline), so long before the deadline, or so long after it. `warning`
    steps come before the deadline and are for every plan with the target; `escalation` steps need automated
    escalation, and the lowest of them is said to be suppressed where the plan has none.
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
    """Who may ask for an escalation, for what, and how long to wait first."""

    any_of: Some["CustomerEscalationCondition"]
    request_types: Some[RequestType]
    wait_after_submission_seconds: Seconds = Field(ge=0)
    wait_after_rejection_seconds: Seconds = Field(ge=0)
    source: str | None = None


class CustomerEscalationCondition(Condition):
    """A condition that may also ask for a plan."""

    plans: Some[Plan] | None = None


class DirectoryNumber(Rule):
    """A number of the phone directory. `as_printed` is the vendor's; null `e164` = it has no international form."""

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
    """All numbers by ISO country, and what to say wherever one is shown."""

    tariff_note: Text
    have_at_hand: Text
    countries: dict[str, CountryDirectory]


class RegionalHours(Rule):
    """Which calendar counts for a country: its own, else its region's, else `default`."""

    countries: dict[str, str]  # ISO country -> name of a calendar
    regions: dict[str, str] = {}  # ISO country -> name of a calendar, for countries without one of their own
    default: str


class Edition(Rule):
    """A whole edition, resolved: calendars hold dates, not references to holiday sets.

    Remarks (`source`, `note`, `notes`) are written in one language; `translations` has them in others, where somebody
    has translated them: language -> remark -> text. The last four fields are recorded by the loader, not written in the
    file. `holiday_names` translates the names of holidays where the `holidays` package knows them in Spanish:
    calendar -> name in the calendar -> text.
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
        """A remark in `language`, or as it is written if nobody has translated it."""
        return None if text is None else self.translations.get(language, {}).get(text, text)
