"""[pure] How a business calendar is written down: the shape that policies, `frontline deadline` and tests share."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# (("09:00", "18:00"), …): labels of the local wall clock, "17:30:30" if need be; "24:00" is allowed as an end
Periods = tuple[tuple[str, str], ...]


class HolidaySet(BaseModel):
    """Public holidays by the `holidays` package: an ISO country, optionally a subdivision and categories."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: str
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)


class CalendarConfig(BaseModel):
    """Open hours of a named zone.

    `holidays` are dates (YYYY-MM-DD) that are closed whole, as a list or with their names; `holiday_set` is resolved
    to such dates by `resolve_holidays`, so that a calendar in use holds dates alone. `overrides` replace a date's
    weekly hours; `breaks` close a local range ("2026-11-03T12:00", "2026-11-03T13:00").
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    timezone: str
    hours: dict[Weekday, Periods]
    holidays: dict[str, str] | tuple[str, ...] = ()
    holiday_set: HolidaySet | None = None
    overrides: dict[str, Periods] = {}
    breaks: Periods = ()
