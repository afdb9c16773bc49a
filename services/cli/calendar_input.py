"""Calendars as the lines of `deadline` and `clocks` give them."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict

from services.cli.jsonl import BadInput
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import HolidaySet
from shared.business_time.errors import CalendarError
from shared.business_time.holiday_sets import holiday_dates


class Line(BaseModel):
    """A line of input. A field that it does not know is a mistake: left out silently, it would change the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def calendar_of(config: dict[str, Any] | None) -> BusinessCalendar | None:
    """The calendar of a line. Lines with the same calendar share it, so that it is laid out once. Raises BadInput."""
    return None if config is None else _calendar(msgspec.json.encode(config))


def holidays_in(config: Mapping[str, Any] | None, entry: Mapping[str, Any], language: str) -> Mapping[str, str]:
    """The names of the holidays of a holiday set in `language`, for the year of a ledger's `entry`; a holiday that the
    line itself names has that name in every language.
    """
    given = None if config is None else config.get("holiday_set")
    if given is None or entry["reason"] != "holiday":
        return {}
    wanted, year = HolidaySet.model_validate(given), int(entry["end"][:4])
    years = (year - 1, year)  # on the date of an instant in UTC it may be another year in the calendar's zone
    told = holiday_dates(wanted, *years, language=language)
    return {name: told[date] for date, name in holiday_dates(wanted, *years).items()}


@lru_cache(maxsize=128)
def _calendar(config: bytes) -> BusinessCalendar:
    try:
        return BusinessCalendar.from_config(msgspec.json.decode(config))
    except CalendarError as error:
        raise BadInput(f"calendar.{error.field}", str(error)) from error
