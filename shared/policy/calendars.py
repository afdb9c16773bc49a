"""[pure] Resolves the calendars of an edition: turns holiday sets into dates, and checks each calendar."""

from typing import NamedTuple

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig, HolidaySet
from shared.business_time.errors import CalendarError
from shared.business_time.holiday_sets import has_names_in, holiday_dates, resolve_holidays
from shared.contracts.vocabulary import Language
from shared.policy.document import Path


class Resolved(NamedTuple):
    """Calendars with dates, the names of their holidays by language, and the mistakes of each calendar."""

    calendars: dict[str, CalendarConfig]
    holiday_names: dict[str, dict[str, dict[Language, str]]]
    mistakes: list[tuple[Path, str]]


def resolve_calendars(calendars: dict[str, CalendarConfig]) -> Resolved:
    """The resolved calendars by name; one with a mistake stays unresolved."""
    resolved = Resolved({}, {}, [])
    for name, config in calendars.items():
        try:
            dated = resolve_holidays(config)
            BusinessCalendar.from_config(dated)
            resolved.calendars[name] = dated
            if config.holiday_set is not None and has_names_in(config.holiday_set, "es"):
                resolved.holiday_names[name] = _in_both_languages(config.holiday_set)
        except CalendarError as error:
            resolved.calendars[name] = config
            resolved.mistakes.append((("calendars", name, *_path(error.field)), str(error)))
    return resolved


def _in_both_languages(wanted: HolidaySet) -> dict[str, dict[Language, str]]:
    spanish = holiday_dates(wanted, language="es")
    return {name: {"en": name, "es": spanish[date]} for date, name in holiday_dates(wanted).items()}


def _path(field: str) -> Path:
    steps = field.replace("[", ".").replace("]", "").split(".") if field else []
    return tuple(int(step) if step.isdecimal() else step for step in steps)
