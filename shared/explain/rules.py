"""[pure] The rule and the edition behind a number, as data: the same keys for every number.

`rule` is the id of the rule, or its place in the edition (`targets[3]`). `because` says how it came to be the one that
counts, `source` and `note` are the edition's own words beside it. `by` is the activity that made it count.
"""

from typing import Any

from shared.explain.case_history import CaseHistory
from shared.messages.messages import Messages
from shared.policy.base import Rule as PolicyRule
from shared.policy.promises import promised
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
    because = words(f"terms.{by['type'] if by else 'decision'}", priority=kind.priority, plan=kind.situation.plan)
    return rule(found.place, origin.pinned, because, messages, beside=found.target, by=by)


def behaviour_rule(history: CaseHistory, origin: Origin, milestone: str, messages: Messages) -> Rule:
    """Where it comes from which statuses pause a milestone's clock, and what reopening does to it."""
    by = history.changed_by(origin)
    if milestone in origin.explicit and by is not None:
        return target_rule(history, origin, milestone, messages)
    return rule(f"milestones.{milestone}", origin.pinned, messages("terms.behaviour"), messages, by=by)


def calendar_rule(history: CaseHistory, clock: Clock, of_the_case: Rule, messages: Messages) -> Rule:
    """Which edition's calendar a clock counts by: the case's own, or its namesake in the edition it went over to."""
    origin = history.whose_calendar(clock)
    if clock.terms.calendar is not None:
        because = messages("terms.calendar_of_target", calendar=clock.terms.calendar)
        return rule(f"calendars.{clock.terms.calendar}", origin.pinned, because, messages)
    if not origin.by:
        return of_the_case
    return rule(
        f"calendars.{history.case.calendar}",
        origin.pinned,
        messages("terms.calendar_kept"),
        messages,
        by=history.named(origin.by),
    )
