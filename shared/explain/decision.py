"""[pure] The rule and the edition behind each answer of the decision: channel, priority, calendar, what is promised."""

from typing import Any, cast

import msgspec

from shared.business_time.zones import TZDATA_VERSION
from shared.contracts.structs import CaseRouted
from shared.explain.case_history import CaseHistory
from shared.explain.rules import Rule, rule, target_rule
from shared.explain.speech import Speech
from shared.policy.priority import priority_rule
from shared.routing.calendar_choice import choose, read_back
from shared.routing.messages import Words
from shared.routing.priority import priority_of
from shared.sla.pinned_edition import PinnedEdition


def channel_rule(said: CaseRouted, pinned: PinnedEdition | None, speech: Speech) -> Rule:
    """The access rule that opened the channel that the case was assigned to; `said` is the case as it is told."""
    place = said.channels[said.assigned_channel].rule
    because = next((step.because for step in said.trace if step.rule == place and step.outcome), "")
    access = () if pinned is None else pinned.edition.access
    opened = next((known for known in access if known.id == place), None)
    return _of(said, rule(place, pinned, because, speech, beside=opened))


def priority_rules(said: CaseRouted, told: CaseHistory | None, speech: Speech) -> list[dict[str, Any]]:
    """The rules that gave the case its priority: the decision's, then those of each change; the last one counts."""
    place = next((step.rule for step in said.trace if step.because == said.priority_because), None)
    if told is None:
        return [{"priority": said.priority, **_of(said, rule(place, None, said.priority_because, speech))}]
    found: list[dict[str, Any]] = []
    for origin in told.origins:
        if origin.prioritised_by != origin.by:
            continue
        edition, claims = origin.pinned.edition, (origin.impact, origin.workaround, origin.environment)
        judged = priority_of(edition, *claims, Words(speech.language, edition))
        place, because = (place, said.priority_because) if not origin.by else (judged.rule, judged.because)
        beside = priority_rule(edition, *claims)
        named = rule(place, origin.pinned, because, speech, beside=beside, by=told.changed_by(origin))
        found.append({"priority": origin.priority, **named})
    return found


def calendar_rule(case: CaseRouted, said: CaseRouted, pinned: PinnedEdition | None, speech: Speech) -> dict[str, Any]:
    """The rule that chose the calendar of the case, and what the calendar is made of; `case` is as it was published.

    `tzdata_version` and `holidays_version` are those that the edition was resolved with, `tzdata_version_here` is that
    of the zone data that the ledgers here are counted by.
    """
    step = next((step for step in case.trace if step.rule == "calendar"), None)
    where = None if step is None else read_back(step.because)
    place = None if where is None or pinned is None else choose(pinned.edition, where).rule
    because = next((step.because for step in said.trace if step.rule == "calendar"), "")
    config = None if pinned is None else pinned.edition.calendars.get(case.calendar)
    return {
        "calendar": case.calendar,
        "timezone": config.timezone if config else None,
        "tzdata_version": case.tzdata_version,
        "tzdata_version_here": TZDATA_VERSION,
        "holidays_version": case.holidays_version,
        **_of(said, rule(place, pinned, because, speech)),
    }


def milestones(said: CaseRouted, told: CaseHistory | None, speech: Speech) -> dict[str, Any]:
    """What was promised when the case was routed, each with the rule that says so; null without the edition."""
    found = cast(dict[str, Any], msgspec.to_builtins(said.milestones))
    because = {step.rule: step.because for step in said.trace}
    for milestone in said.milestones:
        named = None
        if told is not None:
            named = target_rule(told, told.origins[0], milestone, speech)
            named["because"] = because.get(f"target.{milestone}", named["because"])
            if named["rule"] == "channels":
                named["rule"] = f"channels.{said.assigned_channel}.staffed"
        found[milestone]["decided_by"] = named
    return found


def _of(said: CaseRouted, named: Rule) -> Rule:
    """What the decision did is by its edition, whether or not that is at hand."""
    return {**named, "edition": said.edition, "policy_sha256": said.policy_sha256}
