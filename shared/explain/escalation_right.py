"""[pure] The customer's right to ask for an escalation: by which rule, what has been asked for, and what would come of
asking now."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.business_time.instants import Micros, from_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import CaseRouted, CustomerEscalationEvent, EscalationEvent, EscalationRequested
from shared.explain.case_history import CaseHistory
from shared.explain.rules import rule
from shared.messages.messages import Messages
from shared.routing.access import right_to_ask
from shared.routing.rendering import because, in_words_of
from shared.sla import customer_escalation
from shared.sla.customer_escalation import NEVER_REQUESTED, NOBODY_ASKS, Right
from shared.sla.effects import EscalationRefused
from shared.sla.sla_clock import status_kind_at


def escalation_right(
    case: CaseRouted,
    shown: Mapping[str, Any],
    history: CaseHistory | None,
    events: Sequence[EscalationEvent],
    at: Micros,
    messages: Messages,
) -> dict[str, Any]:
    """What the customer may ask for. `now` is what would come of asking at `at`: null without the edition.

    The right is as it was decided; the waits are those of the edition that counts now.
    """
    found: dict[str, Any] = {"may_ask": case.escalation.customer_requested, "asked": _asked(events)}
    if history is None:
        named = rule(None, None, because(shown, "escalation.customer_requested"), messages)
        return {
            **found,
            **named,
            "edition": case.edition,
            "policy_sha256": case.policy_sha256,
            "waits": None,
            "now": None,
        }
    routed, waits = history.origins[0].pinned, history.now.pinned
    right = right_to_ask(routed.edition, case.entitlement.standing, history.view.facts.kind.situation)
    words = in_words_of(messages, routed.edition)
    migrated = next((each.by for each in history.origins if each.by and each.pinned is waits), "")
    since = history.named(migrated) if waits is not routed else None
    asking = waits.edition.customer_escalation
    return {
        **found,
        **rule(
            right.rule,
            routed,
            words(right.why.code, **right.why.facts),
            messages,
            beside=routed.edition.customer_escalation,
        ),
        "waits": asking
        and {
            "after_submission_seconds": asking.wait_after_submission_seconds,
            "after_rejection_seconds": asking.wait_after_rejection_seconds,
            **rule("customer_escalation", waits, messages("terms.waits"), messages, by=since),
        },
        "now": _now(history, at),
    }


def _asked(events: Sequence[EscalationEvent]) -> list[dict[str, Any]]:
    """What was asked for, and what became of each: `requested` still waits for its review."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        if not isinstance(event, CustomerEscalationEvent):
            continue
        word = event.TYPE.split(".")[2]
        asked = found.setdefault(event.escalation_id, {"activity_id": event.escalation_id, "at": None})
        asked["at"] = asked["at"] or format_instant(event.at)
        eligible_at = getattr(event, "eligible_at", None)
        asked |= {
            "state": word,
            "answered_at": None if isinstance(event, EscalationRequested) else format_instant(event.at),
            "reason": getattr(event, "reason", None),
            "eligible_at": None if eligible_at is None else format_instant(eligible_at),
        }
    return list(found.values())


def _now(history: CaseHistory, at: Micros) -> dict[str, Any]:
    """What escalation would answer."""
    state, view = history.state, history.view
    _, answer = customer_escalation.request(
        state.asked or NEVER_REQUESTED,
        Right(view.facts.may_ask, view.facts.excluded),
        history.now.pinned.edition.customer_escalation or NOBODY_ASKS,
        state.opened_at,
        at=at,
        by="",
        status=status_kind_at(view.policy, view.clocks, at),
    )
    refused = answer if isinstance(answer, EscalationRefused) else None
    eligible_at = None if refused is None else refused.eligible_at
    return {
        "possible": refused is None,
        "reason": None if refused is None else refused.reason,
        "eligible_at": None if eligible_at is None else format_instant(from_micros(eligible_at)),
    }
