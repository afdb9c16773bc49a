"""[pure] Escalation at the customer's request: who may ask, when, and what becomes of it.

Whether the requester may ask at all was decided when the case was routed, and is pinned there; how long to wait is the
edition's to say. One request at a time: it is reviewed, and accepted or rejected. A rejected one may be repeated after
a while, an accepted one need not be. Instants are microseconds since 1970 UTC.
"""

from typing import Literal, NamedTuple

from msgspec import Struct

from shared.business_time.instants import SECOND, Micros
from shared.contracts.vocabulary import RefusalReason, StatusKind
from shared.policy.model import CustomerEscalation
from shared.sla import effects
from shared.sla.errors import InputRefused

Stage = Literal["none", "requested", "accepted", "rejected"]


class EscalationRequestState(Struct, array_like=True, frozen=True, gc=False):
    """What was asked for on a case: the activity that asked last, where that stands, and since when."""

    stage: Stage = "none"
    escalation_id: str = ""
    since: Micros = 0


class Right(NamedTuple):
    """What a case pins about asking: the right itself, and whether the kind of request alone stands in its way."""

    may_ask: bool
    excluded: bool


NEVER_REQUESTED = EscalationRequestState()
# The rules of an edition by which nobody may ask: the right of every case is then denied already.
NOBODY_ASKS = CustomerEscalation(wait_after_submission_seconds=0, wait_after_rejection_seconds=0)


def request(
    asked: EscalationRequestState,
    right: Right,
    rules: CustomerEscalation,
    opened_at: Micros,
    *,
    at: Micros,
    by: str,
    status: StatusKind,
) -> tuple[EscalationRequestState, effects.CustomerEscalationEvent]:
    """The customer asks at `at`, by the activity `by`, on a case whose status counts as `status` then."""
    refused = _refused(asked, right, rules, opened_at, at, status=status)
    if refused is not None:
        reason, eligible_at = refused
        return asked, effects.EscalationRefused(escalation_id=by, at=at, reason=reason, eligible_at=eligible_at)
    return EscalationRequestState("requested", by, at), effects.EscalationRequested(escalation_id=by, at=at)


def review(
    asked: EscalationRequestState, rules: CustomerEscalation, *, at: Micros, accepted: bool
) -> tuple[EscalationRequestState, effects.CustomerEscalationEvent]:
    """Somebody has reviewed what was asked for. Raises InputRefused if there is nothing to review."""
    if asked.stage != "requested":
        last = "nobody has asked for one" if asked.stage == "none" else f"the last one was {asked.stage} already"
        raise InputRefused("no_escalation_requested", f"no escalation waits for a review: {last}")
    if accepted:
        return EscalationRequestState("accepted", asked.escalation_id, at), effects.EscalationAccepted(
            escalation_id=asked.escalation_id, at=at
        )
    again = at + rules.wait_after_rejection_seconds * SECOND
    return EscalationRequestState("rejected", asked.escalation_id, at), effects.EscalationRejected(
        escalation_id=asked.escalation_id, at=at, eligible_at=again
    )


def _refused(
    asked: EscalationRequestState,
    right: Right,
    rules: CustomerEscalation,
    opened_at: Micros,
    at: Micros,
    *,
    status: StatusKind,
) -> tuple[RefusalReason, Micros | None] | None:
    if right.excluded:
        return "request_type", None
    if not right.may_ask:
        return "not_entitled", None
    if status in ("resolved", "closed"):
        return "case_not_open", None
    if asked.stage == "requested":
        return "already_requested", None
    if asked.stage == "accepted":
        return "already_accepted", None
    old_enough = opened_at + rules.wait_after_submission_seconds * SECOND
    again = asked.since + rules.wait_after_rejection_seconds * SECOND if asked.stage == "rejected" else 0
    if at >= max(old_enough, again):
        return None
    return ("too_early", old_enough) if old_enough >= again else ("recently_rejected", again)
