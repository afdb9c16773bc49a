"""[pure] The rule and the edition behind a number, as data: the same keys for every number.

`rule` is the id of the rule, or its place in the edition (`targets[3]`). `because` says how it came to be the one that
counts, `source` and `note` are the edition's own words beside it. `by` is the activity that made it count.
"""

from typing import Any

from shared.contracts.vocabulary import Milestone
from shared.explain.case_history import CaseHistory
from shared.explain.speech import Speech
from shared.policy.model import Rule as PolicyRule
from shared.policy.promises import promised_by
from shared.routing.messages import Words
from shared.sla.clock import Clock
from shared.sla.pinned_edition import PinnedEdition
from shared.sla.terms_in_force import Origin

Rule = dict[str, Any]


def rule(
    place: str | None,
    pinned: PinnedEdition | None,
    because: str,
    speech: Speech,
    *,
    beside: PolicyRule | None = None,
    by: dict[str, Any] | None = None,
) -> Rule:
    """A rule of an edition, and the piece of it whose own words to take; None for what no edition says."""
    source, note = (getattr(beside, name, None) for name in ("source", "note"))
    if pinned is not None:
        source, note = (pinned.edition.remark(text, speech.language) for text in (source, note))
    return {
        "rule": place,
        "edition": None if pinned is None else pinned.edition.edition,
        "policy_sha256": None if pinned is None else pinned.sha256,
        "because": because,
        "source": source,
        "note": note,
        "by": by,
    }


def target_rule(told: CaseHistory, origin: Origin, milestone: Milestone, speech: Speech) -> Rule:
    """Where the target of a milestone, its hours and its promise come from."""
    by = told.changed_by(origin)
    if milestone in origin.explicit:
        told_by = "decision" if by is None else by["type"]
        because = speech("terms.told" if by is None else "terms.told_by_activity")
        return rule(f"{told_by}.milestones.{milestone}", None, because, speech, by=by)
    found = promised_by(origin.pinned.edition, origin.plan, origin.priority, milestone, staffed=origin.staffed)
    plan = Words(speech.language, origin.pinned.edition).name("plan", origin.plan)
    because = speech(f"terms.{by['type'] if by else 'decision'}", priority=origin.priority, plan=plan)
    return rule(found.place, origin.pinned, because, speech, beside=found.target, by=by)


def behaviour_rule(told: CaseHistory, origin: Origin, milestone: Milestone, speech: Speech) -> Rule:
    """Where it comes from which statuses pause a milestone's clock, and what reopening does to it."""
    by = told.changed_by(origin)
    if milestone in origin.explicit and by is not None:
        return target_rule(told, origin, milestone, speech)
    return rule(f"milestones.{milestone}", origin.pinned, speech("behaviour"), speech, by=by)


def calendar_rule(told: CaseHistory, clock: Clock, of_the_case: Rule, speech: Speech) -> Rule:
    """Which edition's calendar a clock counts by: the case's own, or its namesake in the edition it went over to."""
    origin = told.whose_calendar(clock)
    if not origin.by:
        return of_the_case
    return rule(
        f"calendars.{told.case.calendar}", origin.pinned, speech("calendar.kept"), speech, by=told.named(origin.by)
    )
