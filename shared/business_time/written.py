"""[pure] Parses the texts of a calendar: times of day, dates, local date-times, days of the year, periods of a day.

A wall-clock label is a number of microseconds since the label 1970-01-01T00:00. A day is the number of dates since
1970-01-01.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime
from itertools import pairwise

from shared.business_time.config import Periods
from shared.business_time.errors import (
    EndBeforeStart,
    NotADate,
    NotADayOfTheYear,
    NotALocalTime,
    NotATimeOfDay,
    OverlappingPeriods,
    StartsAtEndOfDay,
)
from shared.business_time.instants import DAY, HOUR, MINUTE, SECOND
from shared.business_time.spans import Span, merged

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?|24:00(?::00)?")
_DAY_OF_YEAR = re.compile(r"(\d{2})-(\d{2})")
_LEAP_YEAR = 2000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def periods_of(periods: Periods, field: str) -> list[Span]:
    """The periods of a day as sorted offsets from its midnight; the end of one past midnight is more than a day.

    Raises MalformedCalendar or OverlappingPeriods.
    """
    spans: list[Span] = []
    for index, (opens, closes) in enumerate(periods):
        start, end = _time(opens, f"{field}.{index}.0"), _time(closes, f"{field}.{index}.1")
        if start == DAY:
            raise StartsAtEndOfDay(
                "24:00 is an end; a period that starts at midnight starts at 00:00", f"{field}.{index}.0"
            )
        spans.append((start, end if end > start else end + DAY))
    spans.sort()
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            at = label_text(start)[11:]
            raise OverlappingPeriods(f"two periods overlap at {at}: merge them", field, at=at)
    return spans


def local_ranges(ranges: Periods, field: str) -> list[Span]:
    """Ranges of local date-times as merged spans of labels. Raises MalformedCalendar or EndBeforeStart."""
    spans: list[Span] = []
    for index, (start_text, end_text) in enumerate(ranges):
        start, end = _label(start_text, f"{field}.{index}.0"), _label(end_text, f"{field}.{index}.1")
        if end < start:
            raise EndBeforeStart(f"the break ends at {end_text}, before it starts at {start_text}", f"{field}.{index}")
        spans.append((start, end))
    return merged(spans)


def days_of(dates: Iterable[str], field: str) -> list[int]:
    """The days of a list of dates. Raises NotADate."""
    return [day_of(text, f"{field}.{index}") for index, text in enumerate(dates)]


def day_of(text: str, field: str) -> int:
    """The day of a date such as 2026-12-24. Raises NotADate."""
    try:
        if len(text) != 10 or text[4] != "-" or text[7] != "-":  # fromisoformat takes other forms as well
            raise ValueError
        return date.fromisoformat(text).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        raise NotADate(f"{text!r} is not a date: write YYYY-MM-DD", field, value=text) from None


def day_of_year(text: str, field: str) -> tuple[int, int]:
    """The month and day of a text such as 06-15; 02-29 is one. Raises NotADayOfTheYear."""
    try:
        found = _DAY_OF_YEAR.fullmatch(text)
        if found is None:
            raise ValueError
        day = date(_LEAP_YEAR, int(found[1]), int(found[2]))
        return day.month, day.day
    except ValueError:
        message = f"{text!r} is not a day of the year: write MM-DD, such as 06-15"
        raise NotADayOfTheYear(message, field, value=text) from None


def date_of(day: int) -> date:
    """The date of a day."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


def label_text(label: int) -> str:
    """A label as "2026-11-03T12:00", for messages."""
    day, time = divmod(label, DAY)
    moment = datetime.combine(date_of(day), datetime.min.time())
    return moment.replace(hour=time // HOUR, minute=time % HOUR // MINUTE).isoformat(timespec="minutes")


def _time(text: str, field: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        message = f"{text!r} is not a time of day: write HH:MM or HH:MM:SS, from 00:00 to 24:00"
        raise NotATimeOfDay(message, field, value=text)
    if match[1] is None:
        return DAY
    return int(match[1]) * HOUR + int(match[2]) * MINUTE + int(match[3] or 0) * SECOND


def _label(text: str, field: str) -> int:
    day, separator, time = text.partition("T")
    if not separator:
        message = f"{text!r} is not a local date and time: write YYYY-MM-DDTHH:MM (or :SS)"
        raise NotALocalTime(message, field, value=text)
    return day_of(day, field) * DAY + _time(time, field)
