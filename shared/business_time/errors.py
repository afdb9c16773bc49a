"""[pure] Errors of calendars and of the arguments of their methods. Each docstring says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


class CalendarError(ValueError):
    """Root of the errors of calendars and their arguments. `field` is the dotted path of the wrong field, or "".

    `facts` are those of the sentence in another language: the value that was found, or where it is wrong.
    """

    def __init__(self, message: str, field: str = "", **facts: str) -> None:
        super().__init__(message)
        self.field = field
        self.facts = facts


@contextmanager
def inside(field: str) -> Iterator[None]:
    """Errors from inside name a field of the part of the calendar that is at `field`."""
    try:
        yield
    except CalendarError as error:
        error.field = f"{field}.{error.field}".removesuffix(".")
        raise


class MalformedCalendar(CalendarError):
    """A field of a calendar does not fit `CalendarConfig`: correct it."""


class NotATimeOfDay(MalformedCalendar):
    """A time of day is not HH:MM or HH:MM:SS, from 00:00 to 24:00: correct it."""


class NotADate(MalformedCalendar):
    """A date is not YYYY-MM-DD, or does not exist: correct it."""


class NotALocalTime(MalformedCalendar):
    """A local date and time is not YYYY-MM-DDTHH:MM (or :SS): correct it."""


class StartsAtEndOfDay(MalformedCalendar):
    """A period starts at 24:00, which is an end: one that starts at midnight starts at 00:00."""


class NotADayOfTheYear(MalformedCalendar):
    """A bound of a season is not MM-DD, or does not exist: correct it."""


class NotARecurrence(MalformedCalendar):
    """A rule is not one of RFC 5545 that gives whole dates: correct it."""


class RecurrenceNeedsStart(NotARecurrence):
    """A rule counts from a first date: give `starts`."""


class MixedUnion(MalformedCalendar):
    """A union has hours, holidays or breaks of its own: give them to its members."""


class UnreadableHolidayFile(MalformedCalendar):
    """A holiday file is missing, or is no iCalendar file of all-day events; or no edition names it: list the dates."""


class UnknownZone(CalendarError):
    """The zone is not in the pinned tz database: use an IANA name such as Europe/Madrid."""


class OverlappingPeriods(CalendarError):
    """Two periods of one day overlap, which is ambiguous: merge them."""


class OverlappingSeasons(CalendarError):
    """Two seasons have a day in common: end one before the other begins."""


class PartOfTheDay(CalendarError):
    """Some holidays of a set are for a part of the day: give `hours`, in which the usual hours apply on them."""


class UnneededHours(CalendarError):
    """`hours` are given for a holiday set that closes all of its dates for the whole day: leave them out."""


class UnknownHolidays(CalendarError):
    """The holidays package does not know this country, subdivision or category: list the dates instead."""


class NaiveInstant(CalendarError):
    """An instant has no zone: give its offset; no zone is assumed."""


class EndBeforeStart(CalendarError):
    """A span, a pause or a break ends before it starts."""


class InvalidTarget(CalendarError):
    """A target is zero or negative, or its deadline is after year 9998: give a positive target that ends earlier."""


class InvalidBusinessDays(CalendarError):
    """A number of business days is less than 1: give a whole number from 1."""


class MissingCalendar(CalendarError):
    """Business hours need a calendar: give one, or use elapsed hours."""


class NeverOpen(CalendarError):
    """The calendar does not open for long enough within ten years, so there is no deadline."""


class OutOfRange(CalendarError):
    """An instant before year 2 or after year 9998, where no zone can convert it any more."""
