"""[pure] Which calendar counts for a case: by which rule, and why.

The one that the entitlement names, else that of the edition's first calendar rule that holds, else that of the
account's country, else that of the country that the request claims (last: nobody moves a deadline by claiming a
country), else the default.
"""

from typing import NamedTuple

from shared.contracts.structs import Reason
from shared.policy.condition import Situation, wanted
from shared.policy.model import CalendarRule, Edition
from shared.policy.regional import DEFAULT, RegionalCalendar, calendar_for
from shared.routing.demands import what_holds
from shared.routing.entitlement import Entitlement
from shared.routing.reasons import Why, part, why

NAMED_RULE = "entitlement.calendar"


class CalendarInputs(NamedTuple):
    """What the choice depends on: the calendar that the entitlement names, a country, whether the account says so.

    `by_rule` is that of the edition's calendar rule that holds for the case, if any.
    """

    named: str | None
    country: str | None
    of_account: bool
    by_rule: RegionalCalendar | None = None

    @classmethod
    def of(
        cls, entitlement: Entitlement, claimed_country: str | None, by_rule: RegionalCalendar | None = None
    ) -> "CalendarInputs":
        """Those of a request by someone with `entitlement` who claims to be in a country."""
        country = entitlement.country or claimed_country
        return cls(entitlement.calendar, country, entitlement.country is not None, by_rule)


class Choice(NamedTuple):
    """A calendar by name, the rule that chose it, whether it is what was asked for, and why."""

    name: str
    rule: str
    as_asked: bool
    why: Why


def choose(edition: Edition, where: CalendarInputs) -> Choice:
    """The calendar for `where`."""
    named, country, of_account, by_rule = where
    if named is not None and named in edition.calendars:
        return Choice(named, NAMED_RULE, True, why("calendar.named", calendar=named))
    if by_rule is not None:
        found = by_rule
        code, facts = "calendar.by_rule", {"calendar": found.name, "rule": found.id or found.rule}
    else:
        found = calendar_for(edition.regional_hours, country)
        code, facts = _code(country, found.rule, of_account), {"calendar": found.name}
        if country is not None:
            facts["country"] = country
    if named is None:
        return Choice(found.name, found.rule, True, why(code, **facts))
    return Choice(found.name, found.rule, False, why("calendar.missing", because=part(code, **facts), named=named))


def rule_of(edition: Edition, chosen: RegionalCalendar) -> CalendarRule:
    """The calendar rule that chose `chosen`."""
    return next(rule for rule in edition.regional_hours.rules if rule.id == chosen.id)


def why_it_holds(edition: Edition, rule: CalendarRule, situation: Situation) -> tuple[Reason, ...]:
    """What makes a calendar rule hold. `choose` leaves it out: its answer is shared by many situations."""
    when = next(when for when in rule.any_of if wanted(edition, when).met_by(situation))
    return what_holds(edition, when, situation)


def _code(country: str | None, rule: str, of_account: bool) -> str:
    if country is None:
        return "calendar.no_country"
    if rule == DEFAULT:
        return "calendar.none_of_account" if of_account else "calendar.none_of_requester"
    return "calendar.country_of_account" if of_account else "calendar.country_of_requester"
