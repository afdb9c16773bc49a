"""[pure] Which calendar counts for a case: by which rule, and why.

The one that the entitlement names, else that of the account's country, else that of the country that the request claims
(last: nobody moves a deadline by claiming a country), else the default.
"""

from typing import NamedTuple

from shared.policy.model import Edition
from shared.policy.regional import DEFAULT, calendar_for
from shared.routing.entitlement import Entitlement
from shared.routing.messages import ENGLISH, Words

NAMED_RULE = "entitlement.calendar"


class CalendarInputs(NamedTuple):
    """What the choice depends on: the calendar that the entitlement names, a country, whether the account says so."""

    named: str | None
    country: str | None
    of_account: bool

    @classmethod
    def of(cls, entitlement: Entitlement, claimed_country: str | None) -> "CalendarInputs":
        """Those of a request by someone with `entitlement` who claims to be in a country."""
        country = entitlement.country or claimed_country
        return cls(entitlement.calendar, country, entitlement.country is not None)


class Choice(NamedTuple):
    """A calendar by name, the rule that chose it, whether it is what was asked for, and why."""

    name: str
    rule: str
    as_asked: bool
    because: str


def choose(edition: Edition, where: CalendarInputs, words: Words = ENGLISH) -> Choice:
    """The calendar for `where`, told in `words`."""
    named, country, of_account = where
    if named is not None and named in edition.calendars:
        return Choice(named, NAMED_RULE, True, words("calendar", calendar=named, because=words("calendar.named")))
    found = calendar_for(edition.regional_hours, country)
    why = words(_why(country, found.rule, of_account), country=country)
    if named is not None:
        why = words("calendar.missing", because=why, named=named)
    return Choice(found.name, found.rule, named is None, words("calendar", calendar=found.name, because=why))


def read_back(because: str, words: Words = ENGLISH) -> CalendarInputs | None:
    """What a choice depended on, by the sentence that told of it; None if it is no such sentence."""
    told = words.read("calendar", because)
    if told is None:
        return None
    if told["because"] == words("calendar.named"):
        return CalendarInputs(told["calendar"], None, False)
    missing = words.read("calendar.missing", told["because"])
    named, why = (None, told["because"]) if missing is None else (missing["named"], missing["because"])
    if why == words("calendar.no_country"):
        return CalendarInputs(named, None, False)
    for whose in ("account", "requester"):
        for what in ("country", "none"):
            read = words.read(f"calendar.{what}_of_{whose}", why)
            if read is not None:
                return CalendarInputs(named, read["country"], whose == "account")
    return None


def _why(country: str | None, rule: str, of_account: bool) -> str:
    if country is None:
        return "calendar.no_country"
    what = "none" if rule == DEFAULT else "country"
    return f"calendar.{what}_of_{'account' if of_account else 'requester'}"
