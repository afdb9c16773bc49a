"""[pure] Finds the calendar of a case, and the rule of the edition that names it."""

from typing import NamedTuple

from shared.policy.condition import Remembered, Situation, wanted
from shared.policy.model import Edition, RegionalHours
from shared.policy.per_edition import PerEdition


class RegionalCalendar(NamedTuple):
    """The name of a calendar, and the place that names it, such as `regional_hours.countries.ES`.

    `id` is that of a calendar rule.
    """

    name: str
    rule: str
    id: str | None = None


def calendar_by_rule(edition: Edition, situation: Situation) -> RegionalCalendar | None:
    """The calendar of the first of the edition's calendar rules that holds, or None."""
    return _rules.of(edition).of(situation).calendar if edition.regional_hours.rules else None


def calendar_for(hours: RegionalHours, country: str | None) -> RegionalCalendar:
    """The calendar of `country` (ISO 3166-1; None = unknown): its own, else its region's, else the default."""
    for section, calendars in (("countries", hours.countries), ("regions", hours.regions)):
        if country is not None and country in calendars:
            return RegionalCalendar(calendars[country], f"regional_hours.{section}.{country}")
    return RegionalCalendar(hours.default, DEFAULT)


DEFAULT = "regional_hours.default"


class _Found(NamedTuple):
    calendar: RegionalCalendar | None


def _remembered(edition: Edition) -> Remembered[_Found]:
    rules = [
        (RegionalCalendar(rule.calendar, f"regional_hours.rules[{index}]", rule.id), wanted(edition, when))
        for index, rule in enumerate(edition.regional_hours.rules)
        for when in rule.any_of
    ]

    def first(situation: Situation) -> _Found:
        return _Found(next((calendar for calendar, when in rules if when.met_by(situation)), None))

    return Remembered((when for rule in edition.regional_hours.rules for when in rule.any_of), first)


_rules = PerEdition(_remembered)
