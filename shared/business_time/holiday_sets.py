"""[pure] Resolves a holiday set, such as the public holidays of Spain, to dates with names, by the `holidays` package.

A calendar in use holds only dates, so its results stay the same when a new version of the package corrects its data.
The version of the package is recorded with the dates.
"""

import warnings
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version

import holidays
from holidays.registry import EntityLoader

from shared.business_time.config import CalendarConfig, HolidaySet
from shared.business_time.errors import UnknownHolidays
from shared.contracts.vocabulary import Language

HOLIDAYS_VERSION: str = version("holidays")

# The years that an edition resolves: from before the oldest edition to ten years ahead, the limit of business time
# (NeverOpen). For far years, the package estimates the dates of lunar calendars or lacks them.
FIRST_YEAR, LAST_YEAR = 2020, 2036

_PREFERRED: dict[Language, tuple[str, ...]] = {
    "en": ("en_US", "en_GB")
}  # other languages have one locale of their own name


def resolve_holidays(
    config: CalendarConfig, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR
) -> CalendarConfig:
    """`config` with its holiday set, if any, resolved to dates; its own `holidays` keep their names.

    Raises UnknownHolidays.
    """
    if config.holiday_set is None:
        return config
    dates = dict(holiday_dates(config.holiday_set, first_year, last_year))
    if isinstance(config.holidays, dict):
        dates.update(config.holidays)
    else:
        dates.update({date: dates.get(date, date) for date in config.holidays})
    return config.model_copy(update={"holidays": dict(sorted(dates.items())), "holiday_set": None})


def holiday_dates(
    wanted: HolidaySet, first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR, language: Language = "en"
) -> dict[str, str]:
    """YYYY-MM-DD -> name, in date order: in English if the package has it, else in the country's language.

    For another `language`: its names if the package has them, else the same as "en". Raises UnknownHolidays.
    """
    return dict(_resolved(wanted, first_year, last_year, language))


def has_names_in(wanted: HolidaySet, language: Language) -> bool:
    """Whether the package has the names of these holidays in `language`."""
    return _locale(_calendar_class(wanted.country), language) is not None


@lru_cache(maxsize=256)  # the editions of one process share their calendars
def _resolved(wanted: HolidaySet, first_year: int, last_year: int, language: Language) -> tuple[tuple[str, str], ...]:
    kind = _calendar_class(wanted.country)
    if wanted.subdivision is not None and wanted.subdivision not in kind.subdivisions:
        raise _unknown("subdivision", wanted.subdivision, kind.subdivisions)
    for category in wanted.categories:
        if category not in kind.supported_categories:
            raise _unknown("categories", category, kind.supported_categories)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the package warns that it lacks lunar holidays of far years
        found = kind(
            years=range(first_year, last_year + 1),
            subdiv=wanted.subdivision,
            categories=wanted.categories,
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


def _calendar_class(country: str) -> type[holidays.HolidayBase]:
    known = set(EntityLoader.get_country_codes(include_aliases=False))
    if country not in known:
        raise _unknown("country", country, sorted(known))
    kind: type[holidays.HolidayBase] = getattr(holidays, country)
    return kind


def _unknown(field: str, value: str, known: Iterable[str]) -> UnknownHolidays:
    return UnknownHolidays(
        f"the holidays package knows no {value!r}; it has {', '.join(known) or 'none for this country'}",
        f"holiday_set.{field}",
    )
