"""[pure] Why a case has its channel, its priority and its deadlines: plain data, worked out from the log.

The clocks are folded from the activity by the same functions that run live, under the edition that the case pins, so
every deadline comes with its ledger: which time counted, which did not, and why; and every number with the rule and the
edition that it is from. Without that edition the published events are all there is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from shared.business_time.errors import CalendarError
from shared.business_time.instants import Micros, from_micros, to_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import ActivityRecorded, CaseRouted, ClockEvent, CustomerEscalationEvent, EscalationEvent
from shared.explain import decision
from shared.explain.case_history import CaseHistory, case_history
from shared.explain.case_log import CaseLog
from shared.explain.clocks import clocks
from shared.explain.escalation_right import escalation_right
from shared.explain.rebuild_case import RebuiltCase, rebuild_case
from shared.kafka.dead_letters import DeadLetter
from shared.messages.messages import Messages
from shared.routing.decision_event import whole_decision
from shared.routing.rendering import entitlement_in_full, in_words_of, with_sentences
from shared.routing.rulebook import Rulebook
from shared.sla import isolated_case
from shared.sla.pinned_edition import KnownEditions, PinnedEdition
from shared.sla.sla_clock import status_kind_at

# What an activity, or an event, says beside what all of them say; a text is the customer's own and stays in the log.
_OF_AN_ACTIVITY = (
    "actor",
    "to",
    "until",
    "milestone",
    "retracts",
    "fields",
    "milestones",
    "plan",
    "edition",
    "accepted",
)
_OF_A_CLOCK = ("milestone", "instance", "generation")
# What all events of a clock, or of a customer's escalation, have; an entry has every other field of its event.
_OF_EVERY_EVENT = {*ClockEvent.__struct_fields__, *CustomerEscalationEvent.__struct_fields__}


class _KnownEntry(NamedTuple):
    """An entry of the history and when it was known here. At equal instants, activity comes before events."""

    known_at: datetime
    is_event: bool
    entry: dict[str, Any]


def explanation(
    log: CaseLog,
    case: CaseRouted,
    editions: Mapping[bytes, PinnedEdition],
    now: datetime,
    messages: Messages,
    rebuilt: RebuiltCase | None = None,
) -> dict[str, Any]:
    """What there is to say of `case` at `now`, as JSON data. Keys of `clocks` and ledgers are as `frontline clocks`
    and `frontline deadline --ledger` have them. `editions` are those at hand, by how cases refer to them.

    Every `because` is a sentence for people, in the language of `messages`. `rebuilt` is what `rebuild_case` makes of
    the log, the case and the editions, for callers that have it already.
    """
    known, at = KnownEditions(editions), to_micros(now)
    pinned = known.find(case.edition, case.policy_sha256)
    shown = _shown(case, pinned, messages)
    state, activities = rebuilt or rebuild_case(log, case, editions)
    history = None if state is None else case_history(case, state, known, activities)
    calendar = decision.calendar_rule(case, shown, pinned, messages)
    return {
        **_case(case, now),
        "isolation": None if log.isolated is None else _isolation(log.isolated),
        **_decision(case, shown),
        "state": None if history is None else status_kind_at(history.view.policy, history.view.clocks, at),
        "priority": case.priority if history is None else history.view.kind.priority,
        "channel_rule": decision.channel_rule(shown, pinned, messages),
        "priority_rules": decision.priority_rules(shown, history, messages),
        "customer_escalation": escalation_right(case, shown, history, log.events, at, messages),
        "calendar": case.calendar,
        "timezone": calendar["timezone"],
        "calendar_rule": calendar,
        "milestones": decision.milestones(shown, history, messages),
        "clocks": None if history is None else clocks(history, calendar, log.events, at, messages),
        "history": _history(case, activities, log.events, [] if history is None else _endings(history, at)),
        "dead_letters": _dead_letters(log.dead_letters),
    }


def _case(case: CaseRouted, now: datetime) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "account_id": case.account_id,
        "requester_id": case.requester_id,
        "opened_by": case.opened_by,
        "received_at": format_instant(case.received_at),
        "decided_at": format_instant(case.observed_at),
        "at": format_instant(now),
        "edition": case.edition,
        "policy_sha256": case.policy_sha256,
    }


def _isolation(stored: bytes) -> dict[str, Any]:
    """Since when a case is isolated, the error's class, and when it is retried unless escalation restarts before."""
    isolated = isolated_case.decode(stored)
    since, retry = from_micros(isolated.since), from_micros(isolated_case.retry_at(stored))
    return {"since": format_instant(since), "error": isolated.error, "retry_at": format_instant(retry)}


def _shown(case: CaseRouted, pinned: PinnedEdition | None, messages: Messages) -> dict[str, Any]:
    """The whole decision with its sentences; without its edition, what the event carries, the rest null or empty."""
    if pinned is not None:
        with suppress(CalendarError):  # of an event that no router publishes
            whole = whole_decision(case, Rulebook(pinned.edition, pinned.sha256))
            return with_sentences(whole, in_words_of(messages, pinned.edition))
    core: dict[str, Any] = _plain(case)
    core["milestones"] = {
        name: {"target_seconds": None, "due_at": None, **promised} for name, promised in core["milestones"].items()
    }
    core["entitlement"] = entitlement_in_full(case.entitlement)
    unknown: dict[str, Any] = {
        "channels": None,
        "trace": [],
        "phone_numbers": [],
        "notes": [],
        "priority_because": "",
    }
    return {**core, "needs_triage": case.needs_triage, **unknown}


def _decision(case: CaseRouted, shown: Mapping[str, Any]) -> dict[str, Any]:
    taken = (
        "assigned_channel",
        "assigned_tier",
        "needs_triage",
        "entitlement",
        "channels",
        "priority_rule",
        "priority_because",
        "trace",
        "phone_numbers",
        "notes",
        "escalation",
    )
    return {
        "requested_channel": case.requested_channel,
        "open_channels": list(case.open_channels),
        **{name: shown[name] for name in taken},
        "priority_when_routed": shown["priority"],
    }


def _history(
    case: CaseRouted,
    activities: Sequence[ActivityRecorded],
    events: Sequence[EscalationEvent],
    endings: Iterable[_KnownEntry],
) -> list[dict[str, Any]]:
    """What happened and what was published about it, by the instant at which it was known here.

    A receipt by a clock that was behind is dated as it counts: from the opening of the case.
    """
    known: list[_KnownEntry] = [*endings]
    for activity in activities:
        more = {name: getattr(activity, name) for name in _OF_AN_ACTIVITY if getattr(activity, name) is not None}
        at = max(activity.at, case.received_at)
        what = {"type": activity.type, "at": format_instant(at), "activity_id": activity.activity_id}
        known.append(_KnownEntry(activity.recorded_at, False, {**what, **more}))
    for event in events:
        entry: dict[str, Any] = {
            "type": event.TYPE.removeprefix("frontline.").removesuffix(".v1"),
            "at": format_instant(event.at),
            "observed_at": format_instant(event.observed_at),
            "priority": event.priority,
        }
        if isinstance(event, ClockEvent):
            entry |= {name: getattr(event, name) for name in _OF_A_CLOCK}
            entry["due_at"] = None if event.due_at is None else format_instant(event.due_at)
        entry |= _facts(event)
        known.append(_KnownEntry(event.observed_at, True, entry))
    return [_plain(each.entry) for each in sorted(known, key=attrgetter("known_at", "is_event"))]


def _endings(history: CaseHistory, at: Micros) -> Iterator[_KnownEntry]:
    """The statuses that have ended by themselves; nobody reports that."""
    for activity, change in history.ended_statuses(at):
        entry = {**history.named(change.by), "to": change.status}
        yield _KnownEntry(max(from_micros(change.at), activity.recorded_at), False, entry)


def _facts(event: EscalationEvent) -> dict[str, Any]:
    """The fields that only events of this type have, in the order of the contract; without those that are null."""
    own = {name: getattr(event, name) for name in event.__struct_fields__ if name not in _OF_EVERY_EVENT}
    return {
        name: format_instant(value) if isinstance(value, datetime) else value
        for name, value in own.items()
        if value is not None
    }


def _dead_letters(letters: Sequence[DeadLetter]) -> list[dict[str, Any]]:
    return [
        {
            "topic": letter.record.topic,
            "partition": letter.record.partition,
            "offset": letter.record.offset,
            "cause": letter.cause,
            "message": letter.message,
            "at": format_instant(letter.at),
        }
        for letter in letters
    ]


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
