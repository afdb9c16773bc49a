"""[pure] The rule and the edition behind a number, as data: the same keys for every number.

`rule` is the id of the rule, or its place in the edition (`targets[3]`). `because` says how it came to be the one that
counts, `source` and `note` are the edition's own words beside it. `by` is the activity that made it count.
"""

from typing import Any

from shared.business_time.zones import TZDATA_VERSION
from shared.explain.case_history import CaseHistory
from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.policy.base import Rule as PolicyRule
from shared.policy.model import Target
from shared.policy.promises import promised
from shared.routing.demands import what_holds
from shared.routing.rendering import in_words_of
from shared.sla.clock import Clock
from shared.sla.pinned_edition import PinnedEdition
from shared.sla.terms_in_force import Origin

Rule = dict[str, Any]


def rule(
    place: str | None,
    pinned: PinnedEdition | None,
    because: str,
    messages: Messages,
    *,
    beside: PolicyRule | None = None,
    by: dict[str, Any] | None = None,
) -> Rule:
    """A rule of an edition, and the piece of it whose own words to take; None for what no edition says."""
    source, note = (getattr(beside, name, None) for name in ("source", "note"))
    if pinned is not None:
        source, note = (pinned.edition.remark(text, messages.language) for text in (source, note))
    return {
        "rule": place,
        "edition": None if pinned is None else pinned.edition.edition,
        "policy_sha256": None if pinned is None else pinned.sha256,
        "because": because,
        "source": source,
        "note": note,
        "by": by,
    }


def target_rule(history: CaseHistory, origin: Origin, milestone: str, messages: Messages) -> Rule:
    """Where the target of a milestone, its hours and its promise come from."""
    by = history.changed_by(origin)
    if milestone in origin.explicit and by is not None:
        return rule(f"{by['type']}.milestones.{milestone}", None, messages("terms.given_by_activity"), messages, by=by)
    kind = origin.kind
    found = promised(origin.pinned.edition, kind).promised_by(milestone)
    words = in_words_of(messages, origin.pinned.edition)
    because = words(f"terms.{by['type'] if by else 'decision'}", case=_of_the_case(origin, found.target))
    return rule(found.place, origin.pinned, because, messages, beside=found.target, by=by)


def _of_the_case(origin: Origin, target: Target | None) -> Reason:
    """What of the case makes the target hold: its priority and plan, and whatever else the target asks for."""
    situation, priority = origin.kind.situation, origin.kind.priority
    if target is not None:
        beside_the_plan = target.model_copy(update={"plans": None})
        if claims := what_holds(origin.pinned.edition, beside_the_plan, situation):
            return Reason("terms.priority_plan_and_more", priority=priority, plan=situation.plan, claims=claims)
    return Reason("terms.priority_and_plan", priority=priority, plan=situation.plan)


def behaviour_rule(history: CaseHistory, origin: Origin, milestone: str, messages: Messages) -> Rule:
    """Where it comes from which statuses pause a milestone's clock, and what reopening does to it."""
    by = history.changed_by(origin)
    if milestone in origin.explicit and by is not None:
        return target_rule(history, origin, milestone, messages)
    return rule(f"milestones.{milestone}", origin.pinned, messages("terms.behaviour"), messages, by=by)


def counting_rule(history: CaseHistory, milestone: str, messages: Messages) -> Rule | None:
    """Where it comes from when an instance of a milestone begins, and from when it counts; None if that is as usual:
    once, from its start.
    """
    row = history.view.policy.rules.milestones[milestone]
    if row.again == "never" and row.counts_from == "case":
        return None
    pinned = next(each.pinned for each in reversed(history.origins) if milestone in each.pinned.edition.milestones)
    by = history.changed_by(next(each for each in history.origins if each.pinned is pinned))
    return rule(f"milestones.{milestone}", pinned, messages("terms.behaviour"), messages, by=by)


def acknowledgement_rule(history: CaseHistory, clock: Clock, messages: Messages) -> Rule | None:
    """How long the calls of a clock wait once somebody has taken one; None if nobody has."""
    if not clock.acknowledged:
        return None
    pinned = history.now.pinned
    because = messages("terms.acknowledged", silence=pinned.edition.acknowledgement.silence_seconds)
    return rule("acknowledgement", pinned, because, messages)


def calendar_made_of(name: str, pinned: PinnedEdition | None) -> dict[str, Any]:
    """A calendar of an edition, its zone, and what its dates are made of.

    `tzdata_version` and `holidays_version` are those that the edition was resolved with, `tzdata_version_here` is that
    of the zone data that the ledgers here are counted by.
    """
    config = None if pinned is None else pinned.edition.calendars.get(name)
    return {
        "calendar": name,
        "timezone": config.timezone if config else None,
        "tzdata_version": None if pinned is None else pinned.edition.tzdata_version,
        "tzdata_version_here": TZDATA_VERSION,
        "holidays_version": None if pinned is None else pinned.edition.holidays_version,
    }


def calendar_rule(history: CaseHistory, clock: Clock, of_the_case: Rule, messages: Messages) -> Rule:
    """The calendar that a clock counts by: the one that its target names, the case's own, or the namesake of that in
    the edition that the case went over to.
    """
    origin, name = history.whose_calendar(clock), history.calendar_id(clock)
    if clock.terms.calendar is not None:
        because, by = messages("terms.calendar_of_target", calendar=name), None
    elif not origin.by:
        return of_the_case
    else:
        because, by = messages("terms.calendar_kept"), history.named(origin.by)
    named = rule(f"calendars.{name}", origin.pinned, because, messages, by=by)
    return {**calendar_made_of(name, origin.pinned), **named}
