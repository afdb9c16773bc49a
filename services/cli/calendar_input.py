"""Parses the calendars in the input lines of `deadline` and `clocks`."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, ValidationError

from services.cli.jsonl import BadInput
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import HolidaySet
from shared.business_time.errors import (
    CalendarError,
    EndBeforeStart,
    InvalidBusinessDays,
    InvalidTarget,
    MissingCalendar,
    MixedUnion,
    NaiveInstant,
    NeverOpen,
    NotADate,
    NotADayOfTheYear,
    NotALocalTime,
    NotARecurrence,
    NotATimeOfDay,
    OutOfRange,
    OverlappingPeriods,
    OverlappingSeasons,
    PartOfTheDay,
    RecurrenceNeedsStart,
    StartsAtEndOfDay,
    UnknownHolidays,
    UnknownZone,
    UnneededHours,
    UnreadableHolidayFile,
)
from shared.business_time.holiday_sets import holiday_dates
from shared.messages.field_reasons import reason_of
from shared.messages.reason import Reason


class Line(BaseModel):
    """A line of input. An unknown field is an error: ignoring a misspelt one would change the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def calendar_of(config: dict[str, Any] | None) -> BusinessCalendar | None:
    """The calendar of a line. Equal calendars are built once and shared. Raises BadInput."""
    return None if config is None else _calendar(msgspec.json.encode(config))


def holidays_in(config: Mapping[str, Any] | None, entry: Mapping[str, Any], language: str) -> Mapping[str, str]:
    """English name -> name in `language`, for the holidays of the calendar's sets in the year of a ledger entry.

    A holiday that the line itself names is not among them: it has one name in every language.
    """
    if config is None or entry["reason"] != "holiday":
        return {}
    year = int(entry["end"][:4])
    years = (year - 1, year)  # `end` is in UTC; the year may differ in the zone of the calendar
    names: dict[str, str] = {}
    for wanted in _sets_in(config):
        translated = holiday_dates(wanted, *years, language=language)
        names |= {name: translated[date] for date, name in holiday_dates(wanted, *years).items()}
    return names


def _sets_in(config: Mapping[str, Any]) -> Iterator[HolidaySet]:
    """The holiday sets that a ledger may name: of a union, closed time has the reason of the first member."""
    if members := config.get("union"):
        yield from _sets_in(members[0])
    sets = config.get("holiday_set") or []
    for wanted in sets if isinstance(sets, list) else [sets]:
        yield HolidaySet.model_validate(wanted)


def calendar_reason(error: CalendarError) -> Reason:
    """Why a calendar or an argument of its methods is wrong. The kind of the error is its class."""
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        first = cause.errors(include_url=False)[0]
        code, facts = reason_of(first["type"], first.get("ctx", {}))
        return Reason(code, **facts)
    return Reason(_REASONS[type(error)], **error.facts)


_REASONS: Mapping[type[CalendarError], str] = {
    NotATimeOfDay: "field.calendar.time_of_day",
    NotADate: "field.calendar.date",
    NotALocalTime: "field.calendar.local_time",
    StartsAtEndOfDay: "field.calendar.starts_at_end",
    UnknownZone: "field.calendar.zone",
    OverlappingPeriods: "field.calendar.overlap",
    UnknownHolidays: "field.calendar.holidays",
    NotADayOfTheYear: "field.calendar.day_of_year",
    NotARecurrence: "field.calendar.recurrence",
    RecurrenceNeedsStart: "field.calendar.recurrence_starts",
    MixedUnion: "field.calendar.mixed_union",
    UnreadableHolidayFile: "field.calendar.holiday_files",
    OverlappingSeasons: "field.calendar.seasons",
    PartOfTheDay: "field.calendar.part_of_the_day",
    UnneededHours: "field.calendar.unneeded_hours",
    InvalidBusinessDays: "field.calendar.business_days",
    NaiveInstant: "field.instant",
    EndBeforeStart: "field.calendar.ends_first",
    InvalidTarget: "field.calendar.target",
    MissingCalendar: "field.calendar.missing",
    NeverOpen: "field.calendar.never_open",
    OutOfRange: "field.calendar.out_of_range",
}


@lru_cache(maxsize=128)
def _calendar(config: bytes) -> BusinessCalendar:
    try:
        return BusinessCalendar.from_config(msgspec.json.decode(config))
    except CalendarError as error:
        raise BadInput(f"calendar.{error.field}", calendar_reason(error)) from error
