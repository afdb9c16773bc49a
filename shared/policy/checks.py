"""[pure] Checks that the sections of a policy are complete, unambiguous and consistent with each other.

Each check is a function of the document that yields a finding for each contradiction. A check runs only if the sections
that it needs could be read, so one mistake does not hide the others. `words.py` checks that every word is defined,
`reach.py` that everybody has somewhere to go and every rule can apply, `level_checks.py` that levels ascend.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig
from shared.business_time.errors import CalendarError, NeverOpen
from shared.policy.countries import COUNTRIES
from shared.policy.document import Path, field_name
from shared.policy.findings import Finding, Findings
from shared.policy.level_checks import LEVEL_CHECKS
from shared.policy.mistakes import one_of
from shared.policy.model import Edition
from shared.policy.numbers import number_findings
from shared.policy.own_texts import unknown_facts
from shared.policy.reach import ORDER_CHECKS, REACH_CHECKS
from shared.policy.sections import Sections
from shared.policy.words import WORD_CHECKS, country_findings


def find_contradictions(sections: Mapping[str, Any]) -> list[Finding]:
    """Every contradiction between or within the `sections` that could be read.

    Checks of words read also the entries that fit of sections in which others do not.
    """
    draft = Edition.model_construct(**sections)
    found = [finding for needs, check in _CHECKS if needs <= sections.keys() for finding in check(draft)]
    named = {**sections.partial, **sections} if isinstance(sections, Sections) else dict(sections)
    of_names = Edition.model_construct(**named)
    return found + [finding for needs, check in _OF_NAMES if needs <= named.keys() for finding in check(of_names)]


def _includes_have_no_cycle(draft: Edition) -> Findings:
    for plan in draft.plans:
        held = draft.plans_held(plan)
        if draft.plans[held[-1]].includes == plan:
            cycle = " -> ".join((*held, plan))
            yield Finding(("plans", plan, "includes"), f"is a cycle: {cycle}")


def _rule_ids_are_unique(draft: Edition) -> Findings:
    first: dict[str, str] = {}
    sections: list[tuple[Path, Any]] = [
        ((section,), getattr(draft, section))
        for section in ("access", "assignments", "priority_rules", "targets", "impossible_accounts")
    ]
    for at, rules in (*sections, (("regional_hours", "rules"), draft.regional_hours.rules)):
        for index, rule in enumerate(rules):
            if not rule.id:
                continue
            if rule.id in first:
                yield Finding((*at, index, "id"), f"{rule.id!r} is already the id of {first[rule.id]}")
            first.setdefault(rule.id, field_name((*at, index)))


def _a_tier_has_people_or_not(draft: Edition) -> Findings:
    """A tier whose channels are partly staffed would leave open whether anybody is waited for."""
    staffed: dict[str, tuple[bool, str]] = {}
    for index, rule in enumerate(draft.access):
        for place, channel in enumerate(rule.channels):
            if channel not in draft.channels:
                continue
            here = draft.channels[channel].staffed
            known, first = staffed.setdefault(rule.tier, (here, channel))
            if known != here:
                who = "people answer" if here else "nobody answers"
                other = "people answer" if known else "nobody answers"
                yield Finding(
                    ("access", index, "channels", place),
                    f"{who} on {channel}, and {other} on {first}, so they cannot be of one tier, {rule.tier}",
                )


def _calendars_are_named(draft: Edition) -> Findings:
    hours = draft.regional_hours
    named: list[tuple[Path, str]] = [(("regional_hours", "default"), hours.default)]
    named += [(("regional_hours", "rules", index, "calendar"), rule.calendar) for index, rule in enumerate(hours.rules)]
    for group, calendars in (("countries", hours.countries), ("regions", hours.regions)):
        for country, calendar in calendars.items():
            at: Path = ("regional_hours", group, country)
            named.append((at, calendar))
            yield from country_findings(at, country)
            if group == "regions" and country in hours.countries:
                yield Finding(at, f"already has a calendar of its own: {hours.countries[country]}")
    for path, calendar in named:
        yield from _calendar_findings(draft, path, calendar)


def _calendar_findings(draft: Edition, at: Path, calendar: str) -> Findings:
    """A finding if the edition has no such calendar."""
    if calendar not in draft.calendars:
        yield Finding(at, f"{calendar!r} is not among the calendars", one_of(draft.calendars, calendar))


def _target_calendars_exist(draft: Edition) -> Findings:
    for index, target in enumerate(draft.targets):
        if target.calendar is not None:
            yield from _calendar_findings(draft, ("targets", index, "calendar"), target.calendar)


def _needed_calendars_open(draft: Edition) -> Findings:
    """On a calendar that never opens, a target would never be due."""
    needed: dict[str, int] = {}
    for index, target in enumerate(draft.targets):
        if target.counts_in != "elapsed":
            for name in draft.regional_hours.calendars if target.calendar is None else {target.calendar}:
                needed.setdefault(name, index)
    for name, index in needed.items():
        if name in draft.calendars and not _opens(draft.calendars[name], draft.effective_from):
            yield Finding(("calendars", name), f"never opens, and targets[{index}] counts its open hours")


def _opens(config: CalendarConfig, since: datetime) -> bool:
    """Whether the calendar opens within the ten years for which deadlines are computed."""
    try:
        BusinessCalendar.from_config(config).next_open(since)
    except NeverOpen:
        return False
    except CalendarError:
        return True  # a mistake of its own, which is reported where calendars are resolved
    return True


def _numbers_are_real(draft: Edition) -> Findings:
    for country, directory in draft.phone.countries.items() if draft.phone else ():
        at: Path = ("phone", "countries", country)
        yield from country_findings(at, country)
        for index, number in enumerate(directory.numbers if country in COUNTRIES else ()):
            for field, message, allowed in number_findings(country, number):
                yield Finding((*at, "numbers", index, field), message, allowed)


def _braces_name_known_facts(draft: Edition) -> Findings:
    return (Finding(*finding) for finding in unknown_facts(draft))


# An entry that does not fit the model is there without content.
_OF_NAMES: tuple[tuple[set[str], Callable[[Edition], Findings]], ...] = (
    *WORD_CHECKS,
    *ORDER_CHECKS,
    (
        {"access", "assignments", "priority_rules", "targets", "impossible_accounts", "regional_hours"},
        _rule_ids_are_unique,
    ),
)
_CHECKS: tuple[tuple[set[str], Callable[[Edition], Findings]], ...] = (
    *REACH_CHECKS,
    ({"plans"}, _includes_have_no_cycle),
    ({"access", "channels"}, _a_tier_has_people_or_not),
    *LEVEL_CHECKS,
    ({"regional_hours", "calendars"}, _calendars_are_named),
    ({"targets", "calendars"}, _target_calendars_exist),
    ({"targets", "calendars", "regional_hours", "effective_from"}, _needed_calendars_open),
    ({"phone"}, _numbers_are_real),
    ({"phone", "translations", "tiers"}, _braces_name_known_facts),
)
