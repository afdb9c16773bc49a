"""[pure] Instants and lengths of time as people say them: in their zone, their language, with the name of the zone."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_skeleton, format_time


def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone of that IANA name; None for one that does not exist, whatever a browser sends."""
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def own_name(language: str) -> str:
    """What a language calls itself."""
    tag = language.replace("-", "_")
    name = str(Locale.parse(tag).get_display_name(tag) or language)
    return name[:1].upper() + name[1:]


class Moments:
    """How instants are said in `language` (a BCP 47 tag) on the wall clock of `zone`."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        self.zone = zone
        # Plain English is that of the world, with the day before the month.
        self._locale = Locale.parse("en_GB" if language == "en" else language.replace("-", "_"))

    def local(self, at: datetime | str) -> datetime:
        """The instant on the wall clock of the zone. A text is RFC 3339."""
        instant = datetime.fromisoformat(at) if isinstance(at, str) else at
        return instant.astimezone(self.zone)

    def iso(self, at: datetime | str) -> str:
        """For programs: RFC 3339 in UTC."""
        instant = datetime.fromisoformat(at) if isinstance(at, str) else at
        return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def time(self, at: datetime | str) -> str:
        """The time of day, such as 10:04."""
        return format_time(self.local(at), "HH:mm", locale=self._locale)

    def clock(self, at: datetime | str) -> str:
        """The time of day with its seconds and its zone, such as 10:04:09 CET."""
        return f"{format_time(self.local(at), 'HH:mm:ss', locale=self._locale)} {self.zone_name(at)}"

    def zone_name(self, at: datetime | str) -> str:
        """The short name of the zone at that instant, such as CET; UTC+07 where the zone has none."""
        name = self.local(at).tzname() or ""
        return f"UTC{name}" if name[:1] in "+-" else name

    def day(self, at: datetime | str) -> str:
        """The day, such as Mon 23 Nov."""
        return str(format_skeleton("MMMEd", self.local(at), locale=self._locale)).replace(",", "")

    def date(self, day: date) -> str:
        """A date with its year, such as Mon 23 Nov 2026: of an instant that on the wall clock, else the date itself."""
        here = self.local(day) if isinstance(day, datetime) else day
        return str(format_skeleton("yMMMEd", here, locale=self._locale)).replace(",", "")

    def country(self, code: str) -> str:
        """The name of a country, by its code of ISO 3166-1."""
        return str(self._locale.territories.get(code, code))

    @staticmethod
    def left(due_at: datetime | str, now: datetime) -> str:
        """The time until an instant, or since it, as the script of the pages goes on to write it each second."""
        due = datetime.fromisoformat(due_at) if isinstance(due_at, str) else due_at
        seconds = abs(int((due - now).total_seconds()))
        days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
        if days:
            return f"{days} d {hours} h"
        if hours:
            return f"{hours} h {minutes} min"
        if minutes >= 10:
            return f"{minutes} min"
        return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"

    def said(self, at: datetime | str, *, seen_at: datetime | None = None) -> str:
        """The instant: day, time and zone; only time and zone on the day of `seen_at`."""
        here = self.local(at)
        if seen_at is not None and here.date() == self.local(seen_at).date():
            return f"{self.time(at)} {self.zone_name(at)}"
        return f"{self.day(at)}, {self.time(at)} {self.zone_name(at)}"
