"""[pure] The calendars of an edition: whose they are, when they are open, and which holidays come next."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from shared.business_time.config import CalendarConfig, Holiday, Periods
from shared.explain.edition_words import EditionWords, countries_of, open_hours, zones_of
from shared.policy.base import in_language

AHEAD = timedelta(days=366)  # how far ahead holidays are listed


class DayOff(NamedTuple):
    """A date that is not open as usual. `name` is empty if it has none, `hours` if it is closed for the whole day."""

    day: date
    name: str
    hours: str


class CalendarRow(NamedTuple):
    """A calendar. `countries` are ISO codes; `is_default`: of all cases that no rule and no country says otherwise of.

    `targets` are the milestones whose targets name it.
    """

    name: str
    zones: tuple[str, ...]
    hours: tuple[str, ...]
    countries: tuple[str, ...]
    is_default: bool
    targets: tuple[str, ...]
    days: tuple[DayOff, ...]


def calendar_rows(view: EditionWords, today: date) -> Iterator[CalendarRow]:
    """All calendars, those that are used by default first, with their holidays of a year from `today` on."""
    edition, words = view.edition, view.messages
    default = edition.regional_hours.default
    for name in sorted(edition.calendars, key=lambda each: each != default):
        calendar = edition.calendars[name]
        named = [words.name("milestone", each.milestone) for each in edition.targets if each.calendar == name]
        yield CalendarRow(
            name,
            tuple(zones_of(calendar)),
            tuple(open_hours(calendar, words)),
            tuple(countries_of(edition, name)),
            name == default,
            tuple(dict.fromkeys(named)),
            tuple(_days_off(view, name, calendar, today)),
        )


def _days_off(view: EditionWords, name: str, calendar: CalendarConfig, today: date) -> Iterator[DayOff]:
    """The holidays and other exceptions of a year, by date; in a union, each once."""
    translated = view.edition.holiday_names.get(name, {})
    found = {day for member in calendar.union or (calendar,) for day in _of_member(member)}
    for day in sorted(found):
        if today <= day.day < today + AHEAD:
            text = translated.get(day.name)
            yield day if text is None else day._replace(name=in_language(text, view.language))


def _of_member(calendar: CalendarConfig) -> Iterator[DayOff]:
    for text, holiday in calendar.dated_holidays.items():
        if isinstance(holiday, str):
            yield DayOff(date.fromisoformat(text), "" if holiday == text else holiday, "")
        elif isinstance(holiday, Holiday):
            yield DayOff(date.fromisoformat(text), holiday.name or "", _said(holiday.hours))
        else:
            yield DayOff(date.fromisoformat(text), "", _said(holiday))
    for text, periods in calendar.overrides.items():
        yield DayOff(date.fromisoformat(text), "", _said(periods))


def _said(periods: Periods) -> str:
    return ", ".join(f"{opens}–{closes}" for opens, closes in periods)
