"""[pure] The holidays of a calendar from all their sources, as dates: its own, holiday sets, files, recurring dates.

A date of the calendar's own `holidays` outranks the other sources; without a name of its own it has theirs. Among
these (sets, then files, then recurring dates, each in its order) the first one names the date, and a holiday for the
whole day outranks one for a part of it. The dates of `without` are no holidays at all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from shared.business_time.config import CalendarConfig, Holiday, HolidaySet, Periods, by_name
from shared.business_time.errors import NotARecurrence, UnreadableHolidayFile, inside
from shared.business_time.holiday_sets import FIRST_YEAR, LAST_YEAR, check_hours, holiday_dates, part_days
from shared.business_time.recurring import recurring_dates
from shared.business_time.written import day_of, days_of, periods_of


class DayOff(NamedTuple):
    """A holiday as a source gives it, perhaps without a name: closed, except in `hours`, where usual hours apply."""

    name: str | None = None
    hours: Periods = ()


_CLOSED = DayOff()

Holidays = Mapping[str, DayOff]  # YYYY-MM-DD -> the holiday
ReadFile = Callable[[str], Holidays]  # the holidays of a file of `holiday_files`; raises CalendarError


def no_files(_: str) -> Holidays:
    """Reads no file. Raises UnreadableHolidayFile."""
    raise UnreadableHolidayFile(
        "only an edition can name holiday files, since they are next to it: list the dates here"
    )


def resolve_holidays(
    config: CalendarConfig,
    first_year: int = FIRST_YEAR,
    last_year: int = LAST_YEAR,
    read_file: ReadFile = no_files,
) -> CalendarConfig:
    """`config` with all of its holidays as dates (by name) in `holidays`, those of its holiday files included.

    The members of a union are resolved as well. Raises NotADate, and the errors of `derived_holidays`.
    """
    if config.union:
        members: list[CalendarConfig] = []
        for index, member in enumerate(config.union):
            with inside(f"union.{index}"):
                members.append(resolve_holidays(member, first_year, last_year, read_file))
        return config.model_copy(update={"union": tuple(members)})
    if not (config.holiday_set or config.recurring or config.without or config.holiday_files):
        return config
    for date in config.dated_holidays:  # before they are kept by name, which would be reported in place of a wrong date
        day_of(date, f"holidays.{date}")
    found = all_holidays(config, derived_holidays(config, first_year, last_year, read_file))
    written = by_name({date: _written(date, holiday) for date, holiday in sorted(found.items())})
    nothing = {"holiday_set": None, "recurring": (), "without": (), "holiday_files": ()}
    return config.model_copy(update={"holidays": written, **nothing})


def all_holidays(config: CalendarConfig, derived: Holidays) -> dict[str, DayOff]:
    """`derived` with the calendar's own holidays, without the dates of `without`."""
    found = dict(derived)
    if isinstance(config.holidays, dict):
        for date, value in config.dated_holidays.items():
            found[date] = DayOff(value) if isinstance(value, str) else _read(date, value, derived)
    else:
        found |= {date: DayOff(derived[date].name) if date in derived else _CLOSED for date in config.holidays}
    days_of(config.without, "without")
    for date in config.without:
        found.pop(date, None)
    return found


def derived_holidays(
    config: CalendarConfig, first_year: int, last_year: int, read_file: ReadFile = no_files
) -> dict[str, DayOff]:
    """The holidays of these years by sets, files and rules.

    Raises UnknownHolidays, PartOfTheDay, UnneededHours, NotARecurrence, NotADate or the errors of `read_file`, with the
    field.
    """
    found: dict[str, DayOff] = {}
    for holidays in (
        *(_of_set(wanted, first_year, last_year, field) for wanted, field in holiday_sets(config)),
        *_of_files(config, read_file),
        *_of_rules(config, first_year, last_year),
    ):
        for date, holiday in holidays.items():
            first = found.setdefault(date, holiday)
            if first.hours and not holiday.hours:
                found[date] = DayOff(name=first.name)
    return found


def holiday_sets(config: CalendarConfig) -> Iterator[tuple[HolidaySet, str]]:
    """The holiday sets of a calendar, each with its field."""
    if isinstance(config.holiday_set, HolidaySet):
        yield config.holiday_set, "holiday_set"
    elif config.holiday_set is not None:
        yield from ((wanted, f"holiday_set.{index}") for index, wanted in enumerate(config.holiday_set))


def _of_set(wanted: HolidaySet, first_year: int, last_year: int, field: str) -> Holidays:
    with inside(field):
        check_hours(wanted)
        periods_of(wanted.hours or (), "hours")
        parts = part_days(wanted, first_year, last_year)
        return {
            date: DayOff(name=name, hours=(wanted.hours or ()) if date in parts else ())
            for date, name in holiday_dates(wanted, first_year, last_year).items()
        }


def _of_files(config: CalendarConfig, read_file: ReadFile) -> Iterable[Holidays]:
    for index, name in enumerate(config.holiday_files):
        with inside(f"holiday_files.{index}"):
            yield read_file(name)


def _of_rules(config: CalendarConfig, first_year: int, last_year: int) -> Iterable[Holidays]:
    for index, wanted in enumerate(config.recurring):
        field = f"recurring.{index}"
        periods_of(wanted.hours, f"{field}.hours")
        if not recurring_dates(wanted, FIRST_YEAR, LAST_YEAR, field):
            problem = f"gives no date from {FIRST_YEAR} to {LAST_YEAR}"
            raise NotARecurrence(f"{wanted.rule!r}: {problem}", f"{field}.rule", value=wanted.rule)
        holiday = DayOff(name=wanted.name, hours=wanted.hours)
        yield {day.isoformat(): holiday for day in recurring_dates(wanted, first_year, last_year, field)}


def _read(date: str, value: Holiday | Periods, derived: Holidays) -> DayOff:
    field = f"holidays.{date}"
    name, hours, field = (
        (value.name, value.hours, f"{field}.hours") if isinstance(value, Holiday) else (None, value, field)
    )
    periods_of(hours, field)
    return DayOff(derived[date].name if name is None and date in derived else name, hours)


def _written(date: str, holiday: DayOff) -> str | Holiday:
    """As short as it can be: most holidays are whole days."""
    name = date if holiday.name is None else holiday.name
    return Holiday(name=name, hours=holiday.hours) if holiday.hours else name
