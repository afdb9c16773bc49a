"""The holidays of a calendar as dates with names, for the judge: the package is asked as its own manual shows."""

import warnings
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import holidays

# Country, subdivision, and in which English the package has the names (or the country's language, where it has none).
SETS = (
    ("ES", None, "en_US"), ("ES", "MD", "en_US"), ("US", None, "en_US"), ("US", "CA", "en_US"), ("GB", "SCT", "en_US"),
    ("DE", "BY", "en_US"), ("FR", None, "en_US"), ("IN", None, "en_US"), ("JP", None, "en_US"), ("BR", "SP", "en_US"),
    ("SA", None, "en_US"), ("IL", None, "en_US"), ("CN", None, "en_US"), ("AU", "NSW", "en_US"), ("NZ", None, None),
)  # fmt: skip
_LANGUAGES = {country: language for country, _, language in SETS}


def holiday_names(config: dict[str, Any], start: int, end: int) -> dict[date, str]:
    """Those around [start, end) (seconds since 1970). A name that is given with its date outranks the set's; a date
    that is given without one has the set's, or else is its own name.
    """
    wanted, given = config.get("holiday_set"), config["holidays"]
    known = {} if wanted is None else known_holidays(wanted, start, end)
    if isinstance(given, dict):
        return known | {date.fromisoformat(day): name for day, name in given.items()}
    return {date.fromisoformat(day): day for day in given} | known


def known_holidays(wanted: dict[str, str], start: int, end: int) -> dict[date, str]:
    """The set's own, of the years from before `start` to after `end`."""
    first, last = (datetime.fromtimestamp(at, UTC).year for at in (start, end))
    return _known(wanted["country"], wanted.get("subdivision"), first - 1, last + 1)


@cache
def _known(country: str, subdivision: str | None, first: int, last: int) -> dict[date, str]:
    years, language = range(first, last + 1), _LANGUAGES[country]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that lunar holidays of far years are not known
        return dict(holidays.country_holidays(country, subdiv=subdivision, years=years, language=language).items())
