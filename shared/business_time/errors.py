"""[pure] Errors of calendars and of the arguments of their methods. Each docstring says what to do."""


class CalendarError(ValueError):
    """Root of the errors of calendars and their arguments. `field` is the dotted path of the wrong field, or ""."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class MalformedCalendar(CalendarError):
    """A field of a calendar does not fit `CalendarConfig`: correct it."""


class UnknownZone(CalendarError):
    """The zone is not in the pinned tz database: use an IANA name such as Europe/Madrid."""


class OverlappingPeriods(CalendarError):
    """Two periods of one day overlap, which is ambiguous: merge them."""


class UnknownHolidays(CalendarError):
    """The holidays package does not know this country, subdivision or category: list the dates instead."""


class NaiveInstant(CalendarError):
    """An instant has no zone: give its offset; no zone is assumed."""


class EndBeforeStart(CalendarError):
    """A span, a pause or a break ends before it starts."""


class InvalidTarget(CalendarError):
    """A target is zero or negative, or its deadline is after year 9998: give a positive target that ends earlier."""


class MissingCalendar(CalendarError):
    """Business hours need a calendar: give one, or use elapsed hours."""


class NeverOpen(CalendarError):
    """The calendar does not open for long enough within ten years, so there is no deadline."""


class OutOfRange(CalendarError):
    """An instant before year 2 or after year 9998, where no zone can convert it any more."""
