"""[pure] What can be wrong with a calendar, or with a question to one. The docstring says what to do about it."""


class CalendarError(ValueError):
    """A calendar, or a question to one, makes no sense. `field` is the dotted path of what is wrong, or ""."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class MalformedCalendar(CalendarError):
    """A calendar is not written as `CalendarConfig` asks: correct the field."""


class UnknownZone(CalendarError):
    """The zone is not in the pinned tz database: use an IANA name such as Europe/Madrid."""


class OverlappingPeriods(CalendarError):
    """Two periods of one day overlap: which of them counts would be a guess, so merge them."""


class UnknownHolidays(CalendarError):
    """The holidays package does not know this country, subdivision or category: list the dates instead."""


class NaiveInstant(CalendarError):
    """An instant without a zone: say which one it is in, nothing is guessed."""


class EndBeforeStart(CalendarError):
    """A span, a pause or a break ends before it starts."""


class InvalidTarget(CalendarError):
    """A target is zero or negative, or longer than time is: promises take a positive time."""


class MissingCalendar(CalendarError):
    """Business hours were asked for without a calendar: give one, or count in elapsed hours."""


class NeverOpen(CalendarError):
    """The calendar does not open for long enough within ten years, so the deadline would never come."""


class OutOfRange(CalendarError):
    """An instant before year 2 or after year 9998, where no zone can convert it any more."""
