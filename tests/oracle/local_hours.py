"""Whether a local time is open, and why not, by the rules as they are written in the documents, one after the other."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from tests.oracle.holiday_names import holiday_names
from tests.oracle.pieces import BREAK, CLOSED, OPEN, Why

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Config = dict[str, Any]  # a calendar as it is written down
Time = tuple[int, int, int]
_ONE = timedelta(days=1)


class Hours:
    """The hours of one zone around [start, end) (seconds since 1970)."""

    def __init__(self, config: Config, start: int, end: int) -> None:
        self._breaks = [(_label(a), _label(b)) for a, b in config["breaks"]]
        self._holidays = holiday_names(config, start, end)
        self._overrides = {date.fromisoformat(day): _times(times) for day, times in config["overrides"].items()}
        self._weekly = _week(config["hours"])
        self._seasons = [(each["from"], each["to"], _week(each["hours"])) for each in config.get("seasons", [])]

    def why(self, local: datetime) -> Why:
        """The rules, in the order in which one beats the other."""
        if any(opening <= local < closing for opening, closing in self._breaks):
            return BREAK
        if any(self.is_open_in(period, local) for period in self.around(local)):
            return OPEN
        today = local.date()
        return ("holiday", self._holidays[today].name) if today in self._holidays else CLOSED

    def around(self, local: datetime) -> Iterator[tuple[date, int]]:
        """The periods that a local time lies in, whatever closes them: the date of each, and its place in that date."""
        today, time = local.date(), (local.hour, local.minute, local.second)
        for number, (opens, closes) in enumerate(self._periods(today)):
            if time >= opens and (closes <= opens or time < closes):
                yield today, number
        for number, (opens, closes) in enumerate(self._periods(today - _ONE)):
            if time < closes <= opens:
                yield today - _ONE, number

    def is_open_in(self, period: tuple[date, int], local: datetime) -> bool:
        """Whether neither a break nor a holiday closes a local time of that period."""
        if any(opening <= local < closing for opening, closing in self._breaks):
            return False
        return self._allows(period[0], local) and self._allows(local.date(), local)

    def _allows(self, day: date, local: datetime) -> bool:
        """Whether the holiday of that date, if it is one, leaves a time open, be it after the next midnight."""
        if day not in self._holidays:
            return True
        midnight = datetime.combine(day, datetime.min.time())
        for opens, closes in _times(self._holidays[day].hours):
            begin, end = midnight + _length(opens), midnight + _length(closes)
            if begin <= local < (end if closes > opens else end + _ONE):
                return True
        return False

    def _periods(self, day: date) -> list[tuple[Time, Time]]:
        if day in self._overrides:
            return self._overrides[day]
        text = f"{day:%m-%d}"
        for first, last, week in self._seasons:
            if first <= text <= last if first <= last else not last < text < first:
                return week[day.weekday()]
        return self._weekly[day.weekday()]


def _week(hours: dict[str, list[list[str]]]) -> list[list[tuple[Time, Time]]]:
    return [_times(hours.get(day, [])) for day in DAYS]


def _times(periods: list[list[str]]) -> list[tuple[Time, Time]]:
    return [(_time(opens), _time(closes)) for opens, closes in periods]


def _time(text: str) -> Time:
    hour, minute, second = (*map(int, text.split(":")), 0)[:3]
    return hour, minute, second


def _length(time: Time) -> timedelta:
    return timedelta(hours=time[0], minutes=time[1], seconds=time[2])


def _label(text: str) -> datetime:
    day, _, time = text.partition("T")
    return datetime.fromisoformat(day) + _length(_time(time))
