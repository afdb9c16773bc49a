"""[pure] Which season a date belongs to: seasons come again every year, and may run over the new year."""

from collections.abc import Sequence

from shared.business_time.config import Season
from shared.business_time.errors import OverlappingSeasons
from shared.business_time.written import date_of, day_of_year

_USUAL = 0  # outside every season


class Seasons:
    """The seasons of a calendar, numbered from 1; 0 is the rest of the year."""

    __slots__ = ("_of_day",)

    def __init__(self, seasons: Sequence[Season]) -> None:
        """Raises NotADayOfTheYear, or OverlappingSeasons with the field of the later one."""
        self._of_day: dict[tuple[int, int], int] | None = {} if seasons else None
        for index, season in enumerate(seasons):
            field = f"seasons.{index}"
            first, last = day_of_year(season.first, f"{field}.from"), day_of_year(season.last, f"{field}.to")
            for day in _DAYS_OF_THE_YEAR:
                if first <= day <= last if first <= last else day >= first or day <= last:
                    self._put(day, index + 1, field)

    def of(self, day: int) -> int:
        """The number of the season of a date."""
        if self._of_day is None:
            return _USUAL
        date = date_of(day)
        return self._of_day.get((date.month, date.day), _USUAL)

    def _put(self, day: tuple[int, int], number: int, field: str) -> None:
        assert self._of_day is not None  # noqa: S101 - there is a season
        if day in self._of_day:
            at, other = f"{day[0]:02}-{day[1]:02}", self._of_day[day] - 1
            message = f"it has {at} in common with seasons.{other}: end one before the other begins"
            raise OverlappingSeasons(message, field, at=at, other=f"seasons.{other}")
        self._of_day[day] = number


_DAYS_OF_THE_YEAR = tuple((date.month, date.day) for date in map(date_of, range(10957, 10957 + 366)))  # of 2000
