"""[pure] The model of a business calendar's configuration, which policies, `frontline deadline` and tests share."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# (("09:00", "18:00"), …): local wall-clock times, also with seconds ("17:30:30"); "24:00" is allowed as an end
Periods = tuple[tuple[str, str], ...]


class HolidaySet(BaseModel):
    """Public holidays by the `holidays` package: an ISO country, optionally a subdivision and categories."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: str
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)


class CalendarConfig(BaseModel):
    """Open hours of a named zone.

    `holidays` are dates (YYYY-MM-DD) that are closed all day, as a list or with their names. `resolve_holidays` turns
    `holiday_set` into such dates, so a calendar in use holds only dates. `overrides` replace the weekly hours of a
    date; `breaks` close a local range ("2026-11-03T12:00", "2026-11-03T13:00").
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: str
    hours: dict[Weekday, Periods]
    holidays: dict[str, str] | tuple[str, ...] = ()
    holiday_set: HolidaySet | None = None
    overrides: dict[str, Periods] = {}
    breaks: Periods = ()
