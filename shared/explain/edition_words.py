"""[pure] An edition in words, whoever shows it: who may ask where, how long a target is, when calendars are open.

`frontline policy show` and the board's page of the policy lay out what is computed here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple, Self

from shared.business_time.config import WEEKDAYS, CalendarConfig, Periods, Weekday
from shared.contracts.vocabulary import Language
from shared.messages.messages import Messages
from shared.policy.base import in_language
from shared.policy.condition import Condition
from shared.policy.condition_words import in_words
from shared.policy.milestones import MilestoneRow
from shared.policy.model import AccessRule, Edition, EscalationLevel, Target
from shared.policy.target_length import target_length
from shared.routing.rendering import in_words_of


@dataclass(frozen=True, slots=True)
class EditionWords:
    """An edition with the language that it is shown in. `messages` call its words by its names; `language` is that of
    its own texts.
    """

    edition: Edition
    messages: Messages
    language: Language

    @classmethod
    def of(cls, edition: Edition, messages: Messages, language: Language | None = None) -> Self:
        """`edition` in the words of `messages`; its own texts may be in another `language`."""
        own = language or messages.language
        return cls(edition, in_words_of(messages, edition, own), own)

    def text(self, text: Mapping[Language, str] | None) -> str:
        """A text of the edition; "" where it has none."""
        return "" if text is None else in_language(text, self.language)

    def remark(self, text: str | None) -> str:
        """A remark of the edition, such as a note or a source; "" where it has none."""
        return self.edition.remark(text, self.language) or ""

    def names(self, kind: str, words: Sequence[str]) -> list[str]:
        """What the edition calls its words."""
        return [self.messages.name(kind, word) for word in words]


class Admitted(NamedTuple):
    """Who may use a channel at a tier by the rules of a plan, alternatives joined, and those rules."""

    tier: str
    people: str
    rules: tuple[AccessRule, ...]


def capital(text: str) -> str:
    """A text that stands alone, such as a heading or the first cell of a row: it starts with a capital letter."""
    return text[:1].title() + text[1:]


def admitted(view: EditionWords, plan: str, channel: str) -> Iterator[Admitted]:
    """Who may use the channel by the plan's own rules, from the least tier to the highest."""
    edition, messages = view.edition, view.messages
    for tier in edition.tiers:
        rules = [
            rule for rule in edition.access if plan in rule.plans and channel in rule.channels and rule.tier == tier
        ]
        people = [
            in_words(when, messages) + (f" ({messages('policy.without_account')})" if rule.without_account else "")
            for rule in rules
            for when in rule.any_of
        ]
        if people:
            yield Admitted(messages.name("tier", tier), messages.one_of(people), tuple(rules))


def adds(edition: Edition, plan: str, channel: str) -> str | None:
    """The plan that `plan` includes, if its rules, or those of a plan that it includes, add to the plan's own there."""
    included = edition.plans[plan].includes
    if included is None:
        return None
    more = any(
        channel in rule.channels and each in rule.plans and plan not in rule.plans
        for each in edition.plans_held(included)
        for rule in edition.access
    )
    return included if more else None


def condition_of(target: Target) -> Condition:
    """What a target asks of a case beside its priority."""
    return Condition(**{name: getattr(target, name) for name in Condition.model_fields})


def how_long(target: Target, messages: Messages) -> str:
    """The length of a target and its hours: 4 h, round the clock."""
    hours = hours_of(target, messages)
    length = target_length(target.model_dump(), messages)
    if target.target_business_days is None:
        length = f"{length}, {hours}"
    if target.calendar is not None:
        length = messages("policy.own_calendar", hours=length, calendar=target.calendar)
    return length


def hours_of(target: Target, messages: Messages) -> str:
    """The hours in which a target counts."""
    hours = messages(f"policy.hours.{target.counts_in}")
    if target.open_at_least is None:
        return hours
    return messages("policy.open_at_least", hours=hours, span=messages.span(target.open_at_least))


def behaviour(row: MilestoneRow, messages: Messages) -> Iterator[str]:
    """What the clocks of a milestone do beside starting and being fulfilled."""
    if row.again != "never":
        yield messages(f"policy.again.{row.again}")
    if row.reopened != "never":
        yield messages(f"policy.reopened.{row.reopened}")
    if row.counts_from != "case":
        yield messages(f"policy.counts_from.{row.counts_from}")
    if row.paused_by:
        yield messages("policy.paused_by", statuses=list(row.paused_by))
    if len(row.opened_by) == 1:
        yield messages(f"policy.opened_by.{row.opened_by[0]}")


def reached(level: EscalationLevel, messages: Messages) -> str:
    """When a level is reached, by share of the target or distance from the deadline, and how often it repeats."""
    if level.share is not None:
        when = messages.percent(level.share)
    elif level.before_deadline_seconds is not None:
        when = messages("policy.before_deadline", span=messages.span(level.before_deadline_seconds))
    else:
        when = messages("policy.after_deadline", span=messages.span(level.after_deadline_seconds or 0))
    if level.repeat is None:
        return when
    every = messages.span(level.repeat.every_seconds)
    return f"{when}, {messages('policy.repeats', every=every, times=level.repeat.times)}"


def countries_of(edition: Edition, calendar: str) -> list[str]:
    """The countries, by their ISO codes, whose cases have that calendar unless a rule says otherwise."""
    regional = edition.regional_hours
    return [code for code, own in (*regional.countries.items(), *regional.regions.items()) if own == calendar]


def open_hours(calendar: CalendarConfig, messages: Messages) -> list[str]:
    """The usual hours and those of each season (month-day to month-day), a line each; with zones in a union."""
    members = calendar.union or (calendar,)
    return [line for member in members for line in _open(member, zoned=bool(calendar.union), messages=messages)]


def zones_of(calendar: CalendarConfig) -> list[str]:
    """The zones of a calendar; a union may have several."""
    return list(dict.fromkeys(member.timezone for member in calendar.union or (calendar,)))


def _open(calendar: CalendarConfig, *, zoned: bool, messages: Messages) -> Iterator[str]:
    if zoned:
        yield f"{calendar.timezone}:"
    yield from _weekly(calendar.hours, messages)
    for season in calendar.seasons:
        yield f"{season.first}–{season.last}:"
        yield from _weekly(season.hours, messages)


def _weekly(hours: Mapping[Weekday, Periods], messages: Messages) -> Iterator[str]:
    """Consecutive days with the same hours as one line: mon–fri 09:00–18:00."""
    for periods, days in groupby(WEEKDAYS, key=lambda day: hours.get(day, ())):
        names = [messages.weekday(WEEKDAYS.index(day)) for day in days]
        if periods:
            span = names[0] if len(names) == 1 else f"{names[0]}–{names[-1]}"
            yield f"{span} {', '.join(f'{opens}–{closes}' for opens, closes in periods)}"
