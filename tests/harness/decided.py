"""Decisions and clock events as the router and escalation write them, for tests of those who read them."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from shared.contracts import wire
from shared.contracts.structs import (
    CaseRouted,
    CausedBy,
    ChannelVerdict,
    ClockBreached,
    ClockEvent,
    ClockStarted,
    ClockWarned,
    DecidedMilestone,
    EditionPublished,
    EntitlementUsed,
    EscalationRights,
    Reason,
    SupportRequestSubmitted,
    TraceStep,
)
from shared.contracts.topics import EDITIONS
from shared.contracts.vocabulary import CHANNELS
from shared.kafka import serde
from shared.kafka.record import Output
from shared.policy.digest import policy_sha256
from shared.policy.files import load_edition
from shared.policy.model import Edition
from shared.policy.published_edition import edition_published
from shared.routing.entitlement import Entitlement
from shared.routing.route import route
from shared.routing.rulebook import Rulebook

_CAUSED_BY = CausedBy(partition=0, topic="support.requests.v1", offset=0)

_CLAIMS = {"environment": "production", "impact": "down", "workaround": "none"}
_WHY_P1 = TraceStep(
    rule="priority.outage_without_workaround",
    outcome=True,
    reason="priority.no_earlier",
    facts={
        "priority": "P1",
        "claims": tuple(Reason(code=f"claim.{name}", facts={name: word}) for name, word in _CLAIMS.items()),
    },
)


@cache
def _edition_digest() -> str:
    return policy_sha256(load_edition("guidelines-2021"))


def routed(request_id: str, at: datetime, **given: Any) -> CaseRouted:
    """A P1 on the web for a Premier+ account, received and decided at `at`, unless `given` says otherwise."""
    used = EntitlementUsed(
        standing="covered",
        plan="premier_plus",
        account_type="enterprise",
        paid=True,
        country="ES",
        role="admin",
        licensed=True,
        requester_from="contact_list",
    )
    usual: dict[str, Any] = {
        "assigned_channel": "web_ticket",
        "assigned_tier": "tier2",
        "priority": "P1",
        "needs_triage": False,
        "channels": {name: ChannelVerdict(eligible=True, tier="tier2", rule="everyone") for name in CHANNELS},
        "milestones": {
            name: DecidedMilestone(
                target_seconds=seconds, hours="elapsed", promise="objective", due_at=at + timedelta(seconds=seconds)
            )
            for name, seconds in (("first_response", 3600), ("restoration", 14_400))
        },
        "escalation": EscalationRights(automated=True, technical_account_manager=True, customer_requested=True),
        "phone_numbers": (),
        "edition": "guidelines-2021",
        "policy_sha256": _edition_digest(),  # a real one: escalation may be reading too
        "trace": (_WHY_P1,),
        "priority_rule": _WHY_P1.rule,
        "entitlement": used,
        "calendar": "spain",
        "tzdata_version": "2026.6",
        "holidays_version": "0.109",
        "case_id": request_id,
        "request_id": request_id,
        "account_id": "acme",
        "requester_id": "u1",
        "subject": "Calls drop",
        "impact": "down",
        "workaround": "none",
        "environment": "production",
        "request_type": "technical",
        "requested_channel": "web_ticket",
        "received_at": at,
        "decided_at": at,
        "observed_at": at,
        "caused_by": _CAUSED_BY,
    }
    return CaseRouted(**(usual | given))


def decided(
    asked: SupportRequestSubmitted, entitlement: Entitlement, rules: Rulebook, at: datetime, **given: Any
) -> CaseRouted:
    """The case that the router makes of a request, decided at `at`; `given` replaces what it says."""
    fields = msgspec.structs.asdict(route(asked, entitlement, rules, asked.received_at))
    of_request: dict[str, Any] = {
        "case_id": asked.request_id,
        "request_id": asked.request_id,
        "account_id": asked.account_id,
        "requester_id": asked.requester.requester_id,
        "subject": asked.subject,
        "impact": asked.impact,
        "workaround": asked.workaround,
        "environment": asked.environment,
        "request_type": asked.request_type,
        "requested_channel": asked.channel,
        "country": asked.country,
        "received_at": asked.received_at,
        "decided_at": at,
        "observed_at": at,
        "caused_by": _CAUSED_BY,
    }
    return CaseRouted(**(fields | of_request | given))


def _clock(kind: type[ClockEvent], case_id: str, at: datetime, given: dict[str, Any]) -> Any:
    usual: dict[str, Any] = {
        "case_id": case_id,
        "milestone": "first_response",
        "instance": 1,
        "generation": 1,
        "promise": "objective",
        "due_at": at + timedelta(hours=1),
        "at": at,
        "account_id": "acme",
        "priority": "P1",
        "observed_at": at,
        "caused_by": _CAUSED_BY,
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
