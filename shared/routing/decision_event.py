"""[pure] The event of a decision, and the whole decision again from the event and its edition.

The event carries inputs and outcome. What follows from them by the edition, such as each channel's verdict, the trace
and the phone numbers, is worked out again by `route` where somebody asks for it.
"""

from datetime import datetime

import msgspec

from shared.contracts.structs import (
    CaseRouted,
    CausedBy,
    Decision,
    MayEscalate,
    PhoneReadiness,
    PromisedMilestone,
    SupportRequestSubmitted,
)
from shared.policy.model import Edition
from shared.policy.request_words import complete
from shared.routing.entitlement import Entitlement
from shared.routing.phone_directory import is_ready
from shared.routing.route import Asked, route
from shared.routing.rulebook import Rulebook


def case_routed(
    request: SupportRequestSubmitted,
    decision: Decision,
    edition: Edition,
    *,
    observed_at: datetime,
    caused_by: CausedBy,
) -> CaseRouted:
    """The event of `decision`, which answers `request` by `edition`."""
    return CaseRouted(
        case_id=request.request_id,
        account_id=None if request.authenticated_by == "anonymous" else request.account_id,
        requester_id=request.requester.requester_id,
        client=request.client,
        requested_channel=request.channel,
        fields=complete(edition, channel=request.channel, fields=request.fields),
        received_at=request.received_at,
        observed_at=observed_at,
        assigned_channel=decision.assigned_channel,
        assigned_tier=decision.assigned_tier,
        open_channels=tuple(channel for channel, verdict in decision.channels.items() if verdict.eligible),
        priority=decision.priority,
        priority_rule=decision.priority_rule,
        milestones={
            name: PromisedMilestone(due_at=terms.due_at, reason=terms.reason)
            for name, terms in decision.milestones.items()
        },
        escalation=MayEscalate(
            automated=decision.escalation.automated, customer_requested=decision.escalation.customer_requested
        ),
        entitlement=decision.entitlement,
        calendar=decision.calendar,
        edition=decision.edition,
        policy_sha256=decision.policy_sha256,
        caused_by=caused_by,
        needs_triage=decision.needs_triage,
        channel_reason=decision.channels[request.channel].reason,
        language=request.language,
        country=request.country,
        ready_to_call=is_ready(request.phone),
        opened_by=request.opened_by,
    )


def whole_decision(case: CaseRouted, policy: Rulebook) -> Decision:
    """The decision that `case` is the event of; `policy` is the edition that the case pins.

    Channel, tier, triage, priority, rights, calendar and deadlines are those of the event: zone data and code of today
    may give others. The rest follows from the edition. Raises CalendarError for a `received_at` at the ends of the
    calendar, which no router publishes, and ValueError for another edition.
    """
    if policy.policy_sha256 != case.policy_sha256:
        raise ValueError(f"case {case.case_id} pins edition {case.policy_sha256}, not {policy.policy_sha256}")
    asked = Asked(
        case.requested_channel,
        case.fields,
        case.language,
        case.country,
        PhoneReadiness(meeting_id_given=True, host_key_given=True) if case.ready_to_call else None,
        case.opened_by,
    )
    due_at = {name: published.due_at for name, published in case.milestones.items()}
    again = route(asked, Entitlement.of(case.entitlement), policy, case.received_at)
    return msgspec.structs.replace(
        again,
        assigned_channel=case.assigned_channel,
        assigned_tier=case.assigned_tier,
        needs_triage=case.needs_triage,
        priority=case.priority,
        priority_rule=case.priority_rule,
        milestones={
            name: msgspec.structs.replace(terms, due_at=due_at.get(name)) for name, terms in again.milestones.items()
        },
        escalation=msgspec.structs.replace(
            again.escalation,
            automated=case.escalation.automated,
            customer_requested=case.escalation.customer_requested,
        ),
        calendar=case.calendar,
    )
