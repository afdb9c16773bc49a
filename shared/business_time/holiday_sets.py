"""[pure] Resolves a holiday set, such as the public holidays of Spain, to dates with names, by the `holidays` package.

A calendar in use holds only dates, so its results stay the same when a new version of the package corrects its data.
The version of the package is recorded with the dates.
"""

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version

import holidays
from holidays.constants import HALF_DAY, HOLIDAY_NAME_DELIMITER
from holidays.registry import EntityLoader

from shared.business_time.config import HolidaySet
from shared.business_time.errors import PartOfTheDay, UnknownHolidays, UnneededHours
from shared.contracts.vocabulary import Language

HOLIDAYS_VERSION: str = version("holidays")

# The years that an edition resolves: from before the oldest edition to ten years ahead, the limit of business time
# (NeverOpen). For far years, the package estimates the dates of lunar calendars or lacks them.
FIRST_YEAR, LAST_YEAR = 2020, 2036

# "Christmas Eve (from 7pm)", "Half-Day Special Bank Holiday", "New Year's Eve (Afternoon)", "Partial Day Holiday"
_PART_OF_THE_DAY = re.compile(r"\(from \d|half[- ]day|\(afternoon\)|partial day", re.IGNORECASE)

_PREFERRED: dict[Language, tuple[str, ...]] = {
    "en": ("en_US", "en_GB")
}  # other languages have one locale of their own name


def holiday_dates(
    wanted: HolidaySet, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR, language: Language = "en"
) -> dict[str, str]:
    """YYYY-MM-DD -> name, in date order: in English if the package has it, else in the country's language.

    For another `language`: its names if the package has them, else the same as "en". Raises UnknownHolidays.
    """
    return dict(_resolved(wanted.country, wanted.subdivision, wanted.categories, first_year, last_year, language))


def part_days(wanted: HolidaySet, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR) -> dict[str, str]:
    """Those of `holiday_dates` that are holidays for a part of the day only, such as Christmas Eve from 19:00.

    The package says so by its category `half_day` or in the name of the holiday. A date that another category of the
    set, or another of its names, makes a holiday for the whole day is not among them. Raises UnknownHolidays.
    """
    return dict(_parts(wanted.country, wanted.subdivision, wanted.categories, first_year, last_year))


def check_hours(wanted: HolidaySet) -> None:
    """Raises PartOfTheDay if the set needs `hours` and has none, UnneededHours if it has `hours` for no date."""
    found = part_days(wanted)
    if found and wanted.hours is None:
        day, name = next(iter(found.items()))
        raise PartOfTheDay(
            f"{day} ({name}) and other dates of this set are holidays for a part of the day only: write the hours "
            'in which they stay open, such as hours: [["00:00", "13:00"]], or [] to close them all day',
            "hours",
            date=day,
            holiday=name,
        )
    if not found and wanted.hours is not None:
        raise UnneededHours(
            "no holiday of this set is for a part of the day only, so hours have no effect: leave them out",
            "hours",
        )


def has_names_in(wanted: HolidaySet, language: Language) -> bool:
    """Whether the package has the names of these holidays in `language`."""
    return _locale(_calendar_class(wanted.country), language) is not None


@lru_cache(maxsize=512)  # as the dates themselves
def _parts(
    country: str, subdivision: str | None, categories: tuple[str, ...], first_year: int, last_year: int
) -> tuple[tuple[str, str], ...]:
    names = dict(_resolved(country, subdivision, categories, first_year, last_year, "en"))
    whole = tuple(category for category in categories if category != HALF_DAY)
    for date, text in _resolved(country, subdivision, whole, first_year, last_year, "en") if whole else ():
        if not all(_PART_OF_THE_DAY.search(name) for name in text.split(HOLIDAY_NAME_DELIMITER)):
            del names[date]
    return tuple(names.items())


@lru_cache(maxsize=512)  # the editions of one process share their calendars
def _resolved(
    country: str,
    subdivision: str | None,
    categories: tuple[str, ...],
    first_year: int,
    last_year: int,
    language: Language,
) -> tuple[tuple[str, str], ...]:
    kind = _calendar_class(country)
    if subdivision is not None and subdivision not in kind.subdivisions:
        raise _unknown("subdivision", subdivision, kind.subdivisions)
    for category in categories:
        if category not in kind.supported_categories:
            raise _unknown("categories", category, kind.supported_categories)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the package warns that it lacks lunar holidays of far years
        found = kind(
            years=range(first_year, last_year + 1),
            subdiv=subdivision,
            categories=categories,
            # Always given: the default of the package is the locale of the machine.
            language=_locale(kind, language) or _locale(kind, "en") or kind.default_language,
        )
    return tuple(sorted((day.isoformat(), name) for day, name in found.items()))


def _locale(kind: type[holidays.HolidayBase], language: Language) -> str | None:
    for locale in (
        *_PREFERRED.get(language, (language,)),
        *(at for at in kind.supported_languages if at.startswith(f"{language}_")),
    ):
        if locale in kind.supported_languages:
            return locale
    return None


@lru_cache(maxsize=512)  # asked for each set and language of each edition; the package looks through all countries
def _calendar_class(country: str) -> type[holidays.HolidayBase]:
    known = set(EntityLoader.get_country_codes(include_aliases=False))
    if country not in known:
        raise _unknown("country", country, sorted(known))
    kind: type[holidays.HolidayBase] = getattr(holidays, country)
    return kind


def _unknown(field: str, value: str, known: Iterable[str]) -> UnknownHolidays:
    return UnknownHolidays(
        f"the holidays package knows no {value!r}; it has {', '.join(known) or 'none for this country'}",
        field,
    )
