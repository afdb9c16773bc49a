"""Parses the calendars in the input lines of `deadline` and `clocks`."""

from collections.abc import Mapping
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
    InvalidTarget,
    MissingCalendar,
    NaiveInstant,
    NeverOpen,
    NotADate,
    NotALocalTime,
    NotATimeOfDay,
    OutOfRange,
    OverlappingPeriods,
    StartsAtEndOfDay,
    UnknownHolidays,
    UnknownZone,
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
    """English name -> name in `language`, for the holidays of the calendar's holiday set in the year of a ledger entry.

    A holiday that the line itself names is not among them: it has one name in every language.
    """
    holiday_set = None if config is None else config.get("holiday_set")
    if holiday_set is None or entry["reason"] != "holiday":
        return {}
    wanted, year = HolidaySet.model_validate(holiday_set), int(entry["end"][:4])
    years = (year - 1, year)  # `end` is in UTC; the year may differ in the zone of the calendar
    translated = holiday_dates(wanted, *years, language=language)
    return {name: translated[date] for date, name in holiday_dates(wanted, *years).items()}


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
