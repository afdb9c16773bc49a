"""The holidays of a calendar as dates, for the judge: the package is asked as its own manual shows, and each date of a
recurring rule is found by asking of every date whether the rule means it.
"""

import warnings
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import holidays

# Country, subdivision, and in which English the package has the names (or the country's language, where it has none).
SETS = (
    ("ES", None, "en_US"), ("ES", "MD", "en_US"), ("US", None, "en_US"), ("US", "CA", "en_US"), ("GB", "SCT", "en_US"),
    ("DE", "BY", "en_US"), ("FR", None, "en_US"), ("IN", None, "en_US"), ("JP", None, "en_US"), ("BR", "SP", "en_US"),
    ("SA", None, "en_US"), ("IL", None, "en_US"), ("CN", None, "en_US"), ("AU", "NSW", "en_US"), ("NZ", None, None),
)  # fmt: skip
HALF_DAYS = ("AU", "SA", "en_US")  # Christmas Eve and New Year's Eve from 19:00
_LANGUAGES = {country: language for country, _, language in (*SETS, HALF_DAYS)}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Hours = list[list[str]]


class Holiday(NamedTuple):
    """The name of a holiday, and the hours in which it closes nothing."""

    name: str
    hours: Hours


def holiday_names(config: dict[str, Any], start: int, end: int) -> dict[date, Holiday]:
    """Those around [start, end) (seconds since 1970). A name that is given with its date outranks the others; a date
    that is given without one has that of the set or the rule, or else is its own name. A date that is not given itself
    is closed all day if one of the sets or rules says so, and has the name of the first that has it.
    """
    known: dict[date, Holiday] = {}
    for found in _sources(config, start, end):
        for day, holiday in found.items():
            first = known.get(day, holiday)
            known[day] = Holiday(first.name, [] if not holiday.hours else first.hours)
    given = config["holidays"]
    for text in given:
        day = date.fromisoformat(text)
        name, hours = _given(given[text]) if isinstance(given, dict) else (None, [])
        known[day] = Holiday(name or (known[day].name if day in known else text), hours)
    for text in config.get("without", []):
        known.pop(date.fromisoformat(text), None)
    return known


def _given(value: Any) -> tuple[str | None, Hours]:
    if isinstance(value, str):
        return value, []
    return (value.get("name"), value["hours"]) if isinstance(value, dict) else (None, value)


def _sources(config: dict[str, Any], start: int, end: int) -> list[dict[date, Holiday]]:
    sets = config.get("holiday_set") or []
    found = [known_holidays(each, start, end) for each in (sets if isinstance(sets, list) else [sets])]
    return found + [_of_rule(rule, start, end) for rule in config.get("recurring", [])]


def known_holidays(wanted: dict[str, Any], start: int, end: int) -> dict[date, Holiday]:
    """The set's own, of the years from before `start` to after `end`."""
    first, last = (datetime.fromtimestamp(at, UTC).year for at in (start, end))
    asked = (wanted["country"], wanted.get("subdivision"), first - 1, last + 1)
    whole = {day: Holiday(name, []) for day, name in _known(*asked, "public").items()}
    if "half_day" not in wanted.get("categories", []):
        return whole
    half = {day: Holiday(name, wanted["hours"]) for day, name in _known(*asked, "half_day").items()}
    assert not half.keys() & whole.keys(), "the judge would have to know how the package joins their names"
    return whole | half


@cache
def _known(country: str, subdivision: str | None, first: int, last: int, category: str) -> dict[date, str]:
    years, language = range(first, last + 1), _LANGUAGES[country]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that lunar holidays of far years are not known
        found = holidays.country_holidays(
            country, subdiv=subdivision, years=years, language=language, categories=(category,)
        )
        return dict(found.items())


def _of_rule(wanted: dict[str, Any], start: int, end: int) -> dict[date, Holiday]:
    first, last = (datetime.fromtimestamp(at, UTC).date() for at in (start, end))
    return {
        day: Holiday(wanted.get("name") or day.isoformat(), wanted.get("hours", []))
        for day in _rule_dates(wanted["rule"], wanted.get("starts"), first - timedelta(days=3), last)
    }


@cache
def _rule_dates(rule: str, starts: str | None, first: date, last: date) -> list[date]:
    """By the rule's own words, date after date. COUNT counts from the first date on, so all of them are asked."""
    parts = dict(part.split("=") for part in rule.split(";"))
    begun = date.fromisoformat(starts) if starts else None
    until = datetime.strptime(parts["UNTIL"], "%Y%m%d").date() if "UNTIL" in parts else last  # noqa: DTZ007 - a date
    day, end = (
        min(begun or first, first),
        min(last + timedelta(days=3), until + timedelta(days=0 if until < last else 3)),
    )
    found = []
    while day <= end:
        if (begun is None or day >= begun) and _means(parts, begun, day):
            found.append(day)
        day += timedelta(days=1)
    return [day for day in found[: int(parts.get("COUNT", len(found)))] if day >= first]


def _means(parts: dict[str, str], begun: date | None, day: date) -> bool:
    """Whether a rule of the kinds that are drawn means a date."""
    if "BYMONTH" in parts and day.month not in map(int, parts["BYMONTH"].split(",")):
        return False
    length = monthrange(day.year, day.month)[1]
    if "BYMONTHDAY" in parts and int(parts["BYMONTHDAY"]) not in (day.day, day.day - length - 1):
        return False
    if "INTERVAL" in parts:
        assert begun is not None
        weeks = (day - begun + timedelta(days=begun.weekday())).days // 7
        if parts["FREQ"] != "WEEKLY" or weeks % int(parts["INTERVAL"]):
            return False
    return any(_is_weekday(text, day, length) for text in parts["BYDAY"].split(",")) if "BYDAY" in parts else True


def _is_weekday(text: str, day: date, length: int) -> bool:
    """MO, or the first (1MO) or the last (-1MO) of a month."""
    number, weekday = text[:-2], text[-2:]
    if _WEEKDAYS[day.weekday()] != weekday:
        return False
    from_start, from_end = (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
    return not number or int(number) in (from_start, from_end)
