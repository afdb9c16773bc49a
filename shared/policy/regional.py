"""[pure] Finds the calendar of a country, and the rule of the edition that names it."""

from typing import NamedTuple

from shared.policy.model import RegionalHours


class RegionalCalendar(NamedTuple):
    """The name of a calendar, and the rule that names it, such as `regional_hours.countries.ES`."""

    name: str
    rule: str


def calendar_for(hours: RegionalHours, country: str | None) -> RegionalCalendar:
    """The calendar of `country` (ISO 3166-1; None = unknown): its own, else its region's, else the default."""
    for section, calendars in (("countries", hours.countries), ("regions", hours.regions)):
        if country is not None and country in calendars:
            return RegionalCalendar(calendars[country], f"regional_hours.{section}.{country}")
    return RegionalCalendar(hours.default, DEFAULT)


DEFAULT = "regional_hours.default"
