"""[pure] The rule and the edition behind each answer of the decision: channel, priority, calendar, what is promised."""

from collections.abc import Mapping
from typing import Any

from shared.contracts.structs import CaseRouted
from shared.explain.case_history import CaseHistory
from shared.explain.rules import Rule, calendar_made_of, rule, target_rule
from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.policy.priority import priority_rule
from shared.policy.regional import calendar_by_rule
from shared.routing.calendar_choice import CalendarInputs, choose, rule_of, why_it_holds
from shared.routing.entitlement import Entitlement
from shared.routing.priority import priority_of
from shared.routing.rendering import because, in_words_of
from shared.sla.case_facts import facts_of
from shared.sla.pinned_edition import PinnedEdition

Shown = Mapping[str, Any]  # the decision with its sentences: `rendering.with_sentences`


def channel_rule(shown: Shown, pinned: PinnedEdition | None, messages: Messages) -> Rule:
    """The access rule that opened the channel that the case was assigned to."""
    channels = shown["channels"]
    place = None if channels is None else channels[shown["assigned_channel"]]["rule"]
    opening = (step["because"] for step in shown["trace"] if step["rule"] == place and step["outcome"])
    access = () if pinned is None else pinned.edition.access
    opened = next((known for known in access if known.id == place), None)
    return _of(shown, rule(place, pinned, next(opening, ""), messages, beside=opened))


def priority_rules(shown: Shown, history: CaseHistory | None, messages: Messages) -> list[dict[str, Any]]:
    """The rules that gave the case its priority: the decision's, then those of each change; the last one counts."""
    place, why = shown["priority_rule"], shown["priority_because"]
    if history is None:
        return [{"priority": shown["priority"], **_of(shown, rule(place, None, why, messages))}]
    found: list[dict[str, Any]] = []
    for origin in history.origins:
        if origin.prioritised_by != origin.by:
            continue
        edition, situation = origin.pinned.edition, origin.kind.situation
        if origin.by:
            judged = priority_of(edition, situation)
            place, why = judged.rule, in_words_of(messages, edition)(judged.why.code, **judged.why.facts)
        beside = priority_rule(edition, situation)
        named = rule(place, origin.pinned, why, messages, beside=beside, by=history.changed_by(origin))
        found.append({"priority": origin.kind.priority, **named})
    return found


def calendar_rule(case: CaseRouted, shown: Shown, pinned: PinnedEdition | None, messages: Messages) -> dict[str, Any]:
    """The rule that chose the calendar of the case, and what the calendar is made of."""
    why = because(shown, "calendar")
    named = rule(None, pinned, why, messages) if pinned is None else _chosen(case, pinned, why, messages)
    return {**calendar_made_of(case.calendar, pinned), **_of(shown, named)}


def _chosen(case: CaseRouted, pinned: PinnedEdition, why: str, messages: Messages) -> Rule:
    """The rule that chose the calendar, `why` as the decision has it; of a calendar rule, also what makes it hold."""
    edition, situation = pinned.edition, facts_of(case, pinned.edition).kind.situation
    by_rule = calendar_by_rule(edition, situation)
    choice = choose(edition, CalendarInputs.of(Entitlement.of(case.entitlement), case.country, by_rule))
    if by_rule is None or choice.rule != by_rule.rule:
        return rule(choice.rule, pinned, why, messages)
    deciding = rule_of(edition, by_rule)
    claims = why_it_holds(edition, deciding, situation)
    words = in_words_of(messages, edition)
    holds = Reason("calendar.rule_holds", calendar=by_rule.name, rule=deciding.id, claims=claims)
    sentence = words.reason(holds)
    if not choice.as_asked:
        sentence = words(choice.why.code, **{**choice.why.facts, "because": holds})
    return rule(choice.rule, pinned, sentence, messages, beside=deciding)


def milestones(shown: Shown, history: CaseHistory | None, messages: Messages) -> dict[str, Any]:
    """What was promised when the case was routed, each with the rule that says so; null without the edition."""
    found: dict[str, Any] = {}
    for milestone, terms in shown["milestones"].items():
        named = None
        if history is not None:
            named = target_rule(history, history.origins[0], milestone, messages)
            named["because"] = because(shown, f"target.{milestone}") or named["because"]
            if named["rule"] == "channels":
                named["rule"] = f"channels.{shown['assigned_channel']}.staffed"
        found[milestone] = {**terms, "decided_by": named}
    return found


def _of(shown: Shown, named: Rule) -> Rule:
    """What the decision did is by its edition, whether or not that is at hand."""
    return {**named, "edition": shown["edition"], "policy_sha256": shown["policy_sha256"]}
