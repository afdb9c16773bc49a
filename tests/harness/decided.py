"""Decisions and clock events as the router and escalation write them, for tests of those who read them."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from shared.contracts import wire
from shared.contracts.structs import (
    CaseClosed,
    CaseReopened,
    CaseRouted,
    CausedBy,
    ClockBreached,
    ClockEvent,
    ClockStarted,
    ClockWarned,
    EditionPublished,
    SupportRequestSubmitted,
)
from shared.contracts.topics import EDITIONS
from shared.kafka import serde
from shared.kafka.record import Output
from shared.policy.model import Edition
from shared.policy.published_edition import edition_published
from shared.routing.decision_event import case_routed
from shared.routing.entitlement import Entitlement, covered, terms_of
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import account, request
from tests.harness.shipped import shipped_edition

_CAUSED_BY = CausedBy(partition=0, topic="support.requests.v1", offset=0)


@cache
def _guidelines() -> Rulebook:
    return Rulebook(shipped_edition("guidelines-2021"))


def routed(request_id: str, at: datetime, **given: Any) -> CaseRouted:
    """A P1 on the web for a Premier+ account, received and decided at `at`, unless `given` says otherwise."""
    asked = request(request_id=request_id, channel="web_ticket", received_at=at)
    return decided(
        asked, covered(terms_of(account()), asked.requester, _guidelines().edition, at, 0), _guidelines(), at, **given
    )


def decided(
    asked: SupportRequestSubmitted, entitlement: Entitlement, rules: Rulebook, at: datetime, **given: Any
) -> CaseRouted:
    """The case that the router makes of a request, decided at `at`; `given` replaces what it says."""
    decision = route(asked, entitlement, rules, asked.received_at)
    case = case_routed(asked, decision, rules.edition, observed_at=at, caused_by=_CAUSED_BY)
    return msgspec.structs.replace(case, **given)


def _clock(kind: type[ClockEvent], case_id: str, at: datetime, given: dict[str, Any]) -> Any:
    usual: dict[str, Any] = {
        **_of_a_case(case_id, at),
        "milestone": "first_response",
        "instance": 1,
        "generation": 1,
        "promise": "objective",
        "due_at": at + timedelta(hours=1),
    }
    return kind(**(usual | given))


def started(case_id: str, at: datetime, **given: Any) -> ClockStarted:
    """The clock of the first response began to count."""
    event: ClockStarted = _clock(ClockStarted, case_id, at, given)
    return event


def warned(case_id: str, at: datetime, **given: Any) -> ClockWarned:
    """Three quarters of the first response are used up."""
    event: ClockWarned = _clock(ClockWarned, case_id, at, {"level": 0, "called": "case_tier", "share": 0.75, **given})
    return event


def breached(case_id: str, at: datetime, **given: Any) -> ClockBreached:
    """The first response is late."""
    event: ClockBreached = _clock(ClockBreached, case_id, at, {"breached_at": at, **given})
    return event


def published(edition: Edition) -> Output:
    """The record of an edition; it is for whoever writes it to choose the partition by the key."""
    event = edition_published(edition)
    envelope = serde.Envelope(f"edition-{event.policy_sha256}", "/test", EditionPublished.TYPE)
    return serde.to_output(EDITIONS, event.policy_sha256, envelope, wire.encode(event))


def closed(case_id: str, at: datetime, **given: Any) -> CaseClosed:
    """The case is closed."""
    return CaseClosed(**_of_a_case(case_id, at), **({"status": "closed"} | given))


def reopened(case_id: str, at: datetime, **given: Any) -> CaseReopened:
    """The case is open again."""
    return CaseReopened(**_of_a_case(case_id, at), **({"status": "open"} | given))


def _of_a_case(case_id: str, at: datetime) -> dict[str, Any]:
    """What every event of escalation says of its case."""
    return {
        "case_id": case_id,
        "at": at,
        "account_id": "acme",
        "priority": "P1",
        "observed_at": at,
        "caused_by": _CAUSED_BY,
    }
