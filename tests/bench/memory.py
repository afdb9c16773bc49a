"""What a calendar keeps in memory after questions about two hundred years."""

import sys
from datetime import UTC, datetime, timedelta

from shared.business_time.calendar import BusinessCalendar

FIRST_YEAR, YEARS = 1900, 200


def asked_about_many_years(calendar: BusinessCalendar) -> None:
    """Each of the years in turn, with both kinds of questions."""
    for year in range(FIRST_YEAR, FIRST_YEAR + YEARS):
        start = datetime(year, 1, 1, tzinfo=UTC)
        calendar.elapsed(start, start.replace(year=year + 1))
        calendar.add(start, timedelta(hours=1))


def kept(calendar: BusinessCalendar) -> tuple[int, int]:
    """How many tables, and how many bytes they take."""
    tables = calendar._tables.values()
    parts = [part for table in tables for part in (table, table.opens, table.before, table.through, table.total)]
    return len(tables), sys.getsizeof(calendar._tables) + sum(map(sys.getsizeof, parts))
