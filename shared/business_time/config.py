"""[pure] The model of a business calendar's configuration, which policies, `frontline deadline` and tests share."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic.config import JsonDict
from pydantic_core import PydanticKnownError

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# (("09:00", "18:00"), …): local wall-clock times, also with seconds ("17:30:30"); "24:00" is allowed as an end
Periods = tuple[tuple[str, str], ...]
Week = dict[Weekday, Periods]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Holiday(_Part):
    """A holiday with its name. It closes its date, except in `hours`: there the usual hours of the date apply."""

    name: str | None = None
    hours: Periods = ()


class HolidaySet(_Part):
    """Public holidays by the `holidays` package: an ISO country, optionally a subdivision and categories.

    `hours` are for dates that are holidays for a part of the day (category `half_day`, "(from 2pm)" in the name):
    the usual hours of such a date apply in them, and it is closed for the rest.
    """

    country: str
    subdivision: str | None = None
    categories: tuple[str, ...] = ("public",)
    hours: Periods | None = None


class RecurringDate(_Part):
    """A holiday by a rule of RFC 5545, such as FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24.

    `starts` (YYYY-MM-DD) is the first date that the rule may give: COUNT, INTERVAL and rules that do not name their
    dates in full count from it.
    """

    rule: str
    name: str | None = None
    hours: Periods = ()
    starts: str | None = None


class Season(_Part):
    """Other weekly hours from one day of the year to another (MM-DD), both included; it may run over the new year."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)

    first: str = Field(alias="from")
    last: str = Field(alias="to")
    hours: Week


# Defaults that nobody writes: a union has no zone and no hours of its own, every other calendar has both.
_NO_ZONE = "\0"
_NO_HOURS: Week = {"mon": ((_NO_ZONE, _NO_ZONE),)}


def _zone_of(value: str, info: ValidationInfo) -> str:
    if value != _NO_ZONE:
        return value
    members = _members(info)
    return members[0].timezone if members else ""


def _hours_of(value: Week, info: ValidationInfo) -> Week:
    if value != _NO_HOURS:
        return value
    _members(info)
    return {}


def _members(info: ValidationInfo) -> "tuple[CalendarConfig, ...]":
    """The members of the union; none if they have mistakes of their own. Raises if it is no union."""
    members: tuple[CalendarConfig, ...] = info.data.get("union", ())
    if not members and "union" in info.data:
        raise PydanticKnownError("missing")
    return members


def _schema(schema: JsonDict) -> None:
    fields = schema["properties"]
    assert isinstance(fields, dict)  # noqa: S101 - pydantic writes it so
    for name in ("timezone", "hours"):
        field = fields[name]
        assert isinstance(field, dict)  # noqa: S101 - likewise
        field.pop("default", None)
    schema["anyOf"] = [{"required": ["timezone", "hours"]}, {"required": ["union"]}]


HolidayDates = dict[str, str | Holiday | Periods]
_DATES = re.compile(r"\d{4}-\d{2}-\d{2}( \d{4}-\d{2}-\d{2})*")


def by_name(holidays: HolidayDates) -> HolidayDates:
    """Holidays for the whole day by their names: {"Day off": "2026-03-02 2026-06-01"}.

    That is a third of the size, of which a published edition has hundreds of kilobytes.
    """
    found: HolidayDates = {}
    for date, value in holidays.items():
        if not isinstance(value, str) or _DATES.fullmatch(value):  # a date without a name is its own name
            found[date] = value
        else:
            found[value] = f"{found[value]} {date}" if value in found else date
    return found


class CalendarConfig(_Part):
    """Open hours of a named zone, or a union of such calendars.

    - `seasons` replace the weekly `hours` for a part of each year.
    - `overrides` replace the hours of a date.
    - `holidays` are dates (YYYY-MM-DD): a list; or each with its name, with its hours, or with both (`Holiday`); or
      names with their dates, separated by spaces.
      `resolve_holidays` turns `holiday_set`, `holiday_files`, `recurring` and `without` into such dates, so a calendar
      in use holds only dates. The dates of `without` are no holidays, whatever the others say.
    - `breaks` close a local range ("2026-11-03T12:00", "2026-11-03T13:00").
    - `union` is open where any of its members is. It has no other field; `timezone` is that of its first member.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_schema)

    union: "tuple[CalendarConfig, ...]" = ()
    timezone: Annotated[str, AfterValidator(_zone_of)] = Field(default=_NO_ZONE, validate_default=True)
    hours: Annotated[Week, AfterValidator(_hours_of)] = Field(default=_NO_HOURS, validate_default=True)
    holidays: HolidayDates | tuple[str, ...] = ()
    holiday_set: HolidaySet | tuple[HolidaySet, ...] | None = None
    holiday_files: tuple[str, ...] = ()
    recurring: tuple[RecurringDate, ...] = ()
    without: tuple[str, ...] = ()
    overrides: dict[str, Periods] = {}
    breaks: Periods = ()
    seasons: tuple[Season, ...] = ()

    @property
    def dated_holidays(self) -> HolidayDates:
        """`holidays` by date; a date that is listed without a name is its own name."""
        if not isinstance(self.holidays, dict):
            return {date: date for date in self.holidays}
        found: HolidayDates = {}
        for key, value in self.holidays.items():
            if isinstance(value, str) and _DATES.fullmatch(value) and not _DATES.fullmatch(key):
                found |= dict.fromkeys(value.split(" "), key)
            else:
                found[key] = value
        return found
