"""[pure] Resolves the calendars of an edition: turns all sources of holidays into dates, and checks each calendar."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig, HolidaySet
from shared.business_time.errors import CalendarError, UnreadableHolidayFile
from shared.business_time.holiday_sets import has_names_in, holiday_dates
from shared.business_time.holiday_sources import Holidays, holiday_sets, resolve_holidays
from shared.contracts.vocabulary import Language
from shared.policy.document import Path, Source
from shared.policy.holiday_files import holidays_of_file
from shared.policy.mistakes import PolicyFault

ReadText = Callable[[Path, str], Source]  # the file of that name beside the one where the path is; raises PolicyFault


class Resolved(NamedTuple):
    """Calendars with dates, the names of their holidays by language, and the mistakes of each calendar."""

    calendars: dict[str, CalendarConfig]
    holiday_names: dict[str, dict[str, dict[Language, str]]]
    mistakes: list[tuple[Path, str]]


def resolve_calendars(
    calendars: dict[str, CalendarConfig], read_text: ReadText, languages: tuple[Language, ...]
) -> Resolved:
    """The resolved calendars by name; one with a mistake stays unresolved. `languages` are those of the edition."""
    resolved = Resolved({}, {}, [])
    for name, config in calendars.items():
        try:
            dated = resolve_holidays(config, read_file=_reader(_names_files(name, config), read_text))
            BusinessCalendar.from_config(dated)
            resolved.calendars[name] = dated
            if names := _names_in(languages, config):
                resolved.holiday_names[name] = names
        except CalendarError as error:
            resolved.calendars[name] = config
            resolved.mistakes.append((("calendars", name, *_path(error.field)), str(error)))
    return resolved


def _names_files(name: str, config: CalendarConfig) -> Path:
    """Where the calendar names its holiday files: lists are from one file, also where an edition extends another."""
    return ("calendars", name, "union" if config.union else "holiday_files")


def _reader(named_at: Path, read_text: ReadText) -> Callable[[str], Holidays]:
    def read(file: str) -> Holidays:
        try:
            source = read_text(named_at, file)
        except PolicyFault as error:
            raise UnreadableHolidayFile(str(error)) from error
        return holidays_of_file(source.file, source.text)

    return read


def _names_in(languages: tuple[Language, ...], config: CalendarConfig) -> dict[str, dict[Language, str]]:
    """The names of holidays in those of `languages` that the package has, by their names in the calendar.

    A holiday that has one name in all of them is left out.
    """
    names: dict[str, dict[Language, str]] = {}
    for wanted in _all_sets(config):
        own = holiday_dates(wanted)
        for language in languages:
            if has_names_in(wanted, language):
                translated = holiday_dates(wanted, language=language)
                for date, name in own.items():
                    names.setdefault(name, {})[language] = translated[date]
    return {name: texts for name, texts in names.items() if set(texts.values()) != {name}}


def _all_sets(config: CalendarConfig) -> Iterator[HolidaySet]:
    for member in config.union:
        yield from _all_sets(member)
    yield from (wanted for wanted, _ in holiday_sets(config))


def _path(field: str) -> Path:
    steps = field.replace("[", ".").replace("]", "").split(".") if field else []
    return tuple(int(step) if step.isdecimal() else step for step in steps)
