"""A support desk in a test: things happen at minutes since the submission, time is a verb, effects are read back.

desk = ClockDesk({"restoration": terms(240, paused_by=["waiting_on_customer"])})
desk.record_activity(30, "status_changed", to="waiting_on_customer")
desk.waits_until(400)
assert desk.said("breached") == []
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.instants import MINUTE, Micros, to_micros
from shared.contracts import escalation
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import ActivityType, Hours, Promise, ReopenMode
from shared.policy.case_rules import CaseRules
from shared.policy.chain import Chain
from shared.policy.model import EscalationLevel, LevelKind
from shared.sla import effects
from shared.sla.clock import Activity, Calendars, CaseClocks, CasePolicy, Clock, Terms
from shared.sla.effects import ClockEvent
from shared.sla.fold import as_of
from shared.sla.sla_clock import Step, advance, apply_activity, clocks_of, next_due, open_case
from tests.harness.shipped import shipped_rules

# Monday; 09:00 in UTC, when the office opens
OPENED = datetime(2026, 11, 23, 9, tzinfo=UTC)
_OPENED = to_micros(OPENED)
OFFICE = BusinessCalendar.from_config(
    {"timezone": "UTC", "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
)
WORDS: Mapping[str, type[ClockEvent]] = {
    model.TYPE.split(".")[2]: vars(effects)[model.__name__]
    for model in escalation.EVENTS
    if issubclass(model, escalation.ClockEvent)
}


def level(number: int, share: float | None, called: str, **when: Any) -> EscalationLevel:
    """A level of the chain; number 0 is a warning."""
    kind: LevelKind = "escalation" if number else "warning"
    return EscalationLevel(kind=kind, level=number, share=share, called=called, **when)


CHAIN = (level(0, 0.75, "case_tier"), level(1, 1.0, "tier2"), level(2, 1.5, "technical_account_manager"))


def terms(
    minutes: int | None,
    hours: Hours = "elapsed",
    paused_by: tuple[str, ...] | list[str] = (),
    reopen: ReopenMode = "resume",
    promise: Promise = "objective",
) -> MilestoneTerms:
    """A target of so many minutes; None = no target."""
    if minutes is None:
        return MilestoneTerms(target_seconds=None, reason="not_promised")
    return MilestoneTerms(
        target_seconds=minutes * 60, hours=hours, promise=promise, paused_by=tuple(paused_by), reopen=reopen
    )


def minute(of: float) -> Micros:
    """The instant so many minutes after the submission."""
    return _OPENED + round(of * MINUTE)


@dataclass(frozen=True)
class PublishedEffect:
    """An effect, its instants in minutes after the submission."""

    word: str
    milestone: str
    at: float
    due: float | None
    effect: ClockEvent

    @property
    def short(self) -> tuple[str, str, float]:
        """What, of which clock, when."""
        return self.word, self.milestone, self.at


class ClockDesk:
    """One case, its published effects and its clocks. `levels` default to none, `rules` to those that ship; wall clock
    and event time agree unless `seen` says when an activity arrived.
    """

    def __init__(
        self,
        promised: Terms,
        *,
        levels: tuple[EscalationLevel, ...] = (),
        automated: bool = True,
        status: str = "open",
        calendar: BusinessCalendar | None = OFFICE,
        rules: CaseRules | None = None,
        calendars: Calendars = MappingProxyType({}),
    ) -> None:
        self.policy = CasePolicy(promised, calendar, rules or shipped_rules(), Chain(levels), automated, calendars)
        self.log: list[PublishedEffect] = []
        self.case: CaseClocks
        self.next_due: float | None = None
        self._ids = 0
        self._take(open_case(self.policy, _OPENED, status))

    def record_activity(
        self,
        at: float,
        kind: ActivityType,
        *,
        to: str | None = None,
        terms: Terms | None = None,
        calendar: BusinessCalendar | None = None,
        until: float | None = None,
        milestone: str | None = None,
        retracts: str | None = None,
        seen: float | None = None,
        id: str | None = None,  # noqa: A002 - the activity's word for it
    ) -> list[PublishedEffect]:
        """Something happened at minute `at` and arrived at minute `seen`; what is published about it."""
        self._ids += 1
        activity = Activity(
            minute(at),
            kind,
            id or f"{self._ids:04}",
            to,
            terms,
            calendar,
            until=None if until is None else minute(until),
            milestone=milestone,
            retracts=retracts,
        )
        return self._take(apply_activity(self.policy, self.case, activity, minute(at if seen is None else seen)))

    def waits_until(self, at: float) -> list[PublishedEffect]:
        """The wall clock is at minute `at`; what falls due before."""
        return self._take(advance(self.policy, self.case, minute(at)))

    def clocks(self, at: float | None = None) -> list[Clock]:
        """All clocks; as they stand at minute `at`, if given."""
        found = clocks_of(self.policy, self.case)
        return found if at is None else as_of(found, minute(at))

    def clock(self, milestone: str, instance: int = 1, at: float | None = None) -> Clock:
        """One clock."""
        return next(c for c in self.clocks(at) if (c.milestone, c.instance) == (milestone, instance))

    def due(self, milestone: str, instance: int = 1) -> float | None:
        """A clock's deadline in minutes after the submission."""
        return minutes(self.clock(milestone, instance).due_at)

    def published(self, *words: str) -> list[PublishedEffect]:
        """What was published so far, of those words."""
        return [each for each in self.log if each.word in words]

    def _take(self, step: Step) -> list[PublishedEffect]:
        self.case, self.next_due = step.case, minutes(step.next_due)
        assert next_due(self.policy, self.case) == step.next_due, "a timer is the same whenever it is asked for"
        names = {kind: word for word, kind in WORDS.items()}
        published = [
            PublishedEffect(names[type(e)], e.milestone, (e.at - _OPENED) / MINUTE, minutes(e.due_at), e)
            for e in step.effects
        ]
        self.log += published
        return published


def minutes(at: Micros | None) -> float | None:
    """An instant in minutes after the submission."""
    return None if at is None else (at - _OPENED) / MINUTE
