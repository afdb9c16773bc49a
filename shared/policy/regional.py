"""[pure] Which calendar counts for a country, and by which rule of the edition."""

from typing import NamedTuple

from shared.policy.model import RegionalHours


class RegionalCalendar(NamedTuple):
    """The name of a calendar, and the place in the edition that names it: `regional_hours.countries.ES`, say."""

    name: str
    rule: str


def calendar_for(hours: RegionalHours, country: str | None) -> RegionalCalendar:
    """The calendar of `country` (ISO 3166-1; None = not known): its own, else its region's, else the default."""
    for section, calendars in (("countries", hours.countries), ("regions", hours.regions)):
        if country is not None and country in calendars:
            return RegionalCalendar(calendars[country], f"regional_hours.{section}.{country}")
    return RegionalCalendar(hours.default, DEFAULT)


DEFAULT = "regional_hours.default"
