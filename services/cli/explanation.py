"""Why a case has its channel, its priority and its deadlines: plain data, worked out from the log.

The clocks are folded from the activity by the same functions that run live, under the edition that the case pins, so
every deadline comes with its ledger: which time counted, which did not, and why. Without that edition the published
events are all there is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from services.cli.case_log import CaseLog
from services.cli.clock_ledger import seconds
from services.cli.folded_case import counted, folded
from services.escalation.clock_state import Clock, Pause
from services.escalation.folding import as_of
from services.escalation.heeded import Heeded, heeded
from services.escalation.pinned import PinnedEdition, short_of
from services.escalation.sla_clock import clocks_of
from shared.business_time.hours import ledger
from shared.business_time.instants import Micros, from_micros, length, to_micros
from shared.business_time.ledger import LedgerEntry
from shared.contracts import wire
from shared.contracts.base import format_instant
from shared.contracts.escalation import ClockEvent, EscalationEvent
from shared.contracts.intake import ActivityRecorded
from shared.contracts.router import CaseRouted
from shared.kafka.dead_letters import DeadLetter

# What an activity, or an event, says beside what all of them say; a text is the customer's own and stays in the log.
_TOLD = ("to", "impact", "workaround", "milestones", "plan", "edition", "accepted")
_OF_A_CLOCK = ("milestone", "instance", "generation")
_SAID = ("met", "status", "because", "level", "repetition", "called", "share", "reason", "old", "new", "cause")
_SAID_AT = ("breached_at", "eligible_at")

_ClockEvent = wire.struct(ClockEvent)


def explanation(
    log: CaseLog, case: CaseRouted, editions: Mapping[bytes, PinnedEdition], now: datetime
) -> dict[str, Any]:
    """What there is to say of `case` at `now`, as JSON data. Keys of `clocks` and ledgers are as `frontline clocks`
    and `frontline deadline --ledger` have them. `editions` are those at hand, by how cases refer to them.
    """
    heard = counted(log, case)
    pinned = editions.get(short_of(case.policy_sha256))
    state = folded(case, editions, heard)
    told = None if state is None else heeded(state, editions.__getitem__)
    return {
        "case_id": case.case_id,
        "account_id": case.account_id,
        "requester_id": case.requester_id,
        "subject": case.subject,
        "received_at": format_instant(case.received_at),
        "decided_at": format_instant(case.decided_at),
        "at": format_instant(now),
        "edition": case.edition,
        "policy_sha256": case.policy_sha256,
        "tzdata_version": case.tzdata_version,
        "holidays_version": case.holidays_version,
        "requested_channel": case.requested_channel,
        "assigned_channel": case.assigned_channel,
        "assigned_tier": case.assigned_tier,
        "needs_triage": case.needs_triage,
        "entitlement": _plain(case.entitlement),
        "channels": _plain(case.channels),
        "priority": case.priority if told is None else told.priority,
        "priority_when_routed": case.priority,
        "priority_because": case.priority_because,
        "trace": _plain(case.trace),
        "notes": list(case.notes),
        "escalation": _plain(case.escalation),
        "calendar": case.calendar,
        "timezone": None if pinned is None else pinned.calendar(case.calendar).timezone,
        "milestones": _plain(case.milestones),
        "clocks": None if told is None else _clocks(told, now),
        "history": _history(heard, log.events),
        "put_aside": _put_aside(log.put_aside),
    }


def _clocks(told: Heeded, now: datetime) -> list[dict[str, Any]]:
    at = to_micros(now)
    return [_clock(clock, at) for clock in as_of(clocks_of(told.policy, told.clocks), at)]


def _clock(clock: Clock, at: Micros) -> dict[str, Any]:
    return {
        "milestone": clock.milestone,
        "instance": clock.instance,
        "promise": clock.promise,
        "target_seconds": clock.terms.target_seconds,
        "hours": clock.terms.hours,
        "stage": clock.stage,
        "late": clock.late,
        "started_at": _text(clock.started_at),
        "due_at": _text(clock.due_at),
        "breached_at": _text(clock.breached_at),
        "stopped_at": _text(clock.stopped_at),
        "used_seconds": seconds(clock.used(at)),
        "ledger": [_entry(entry) for entry in _ledger(clock, at)],
    }


def _ledger(clock: Clock, at: Micros) -> list[LedgerEntry]:
    """Up to the deadline; of a paused clock, which has none, up to now."""
    until = max(at if clock.due_at is None else clock.due_at, clock.started_at)
    pauses = [pause._replace(end=min(pause.end, until)) for pause in clock.pauses if pause.start < until]
    if clock.stage == "paused" and clock.since < until:
        pauses.append(Pause(clock.since, until, clock.why, clock.by))
    return ledger(
        from_micros(clock.started_at),
        from_micros(until),
        timedelta(seconds=clock.terms.target_seconds or 0),
        clock.terms.hours or "elapsed",
        clock.calendar,
        [(from_micros(pause.start), from_micros(pause.end)) for pause in pauses],
    )


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "start": format_instant(entry.start),
        "end": format_instant(entry.end),
        "seconds": seconds(length(entry.end - entry.start)),
        "counted": entry.counted,
        "reason": entry.reason,
        "holiday": entry.holiday,
    }


def _history(heard: Sequence[ActivityRecorded], events: Sequence[EscalationEvent]) -> list[dict[str, Any]]:
    """What happened and what was said about it, by the instant at which it was known here."""
    known: list[tuple[datetime, int, dict[str, Any]]] = []
    for activity in heard:
        more = {name: getattr(activity, name) for name in _TOLD if getattr(activity, name) is not None}
        known.append((activity.recorded_at, 0, {"type": activity.type, "at": format_instant(activity.at), **more}))
    for event in events:
        said: dict[str, Any] = {
            "type": event.TYPE.removeprefix("frontline.").removesuffix(".v1"),
            "at": format_instant(event.at),
            "observed_at": format_instant(event.observed_at),
            "priority": event.priority,
        }
        if isinstance(event, _ClockEvent):
            said |= {name: getattr(event, name) for name in _OF_A_CLOCK}
            said["due_at"] = None if event.due_at is None else format_instant(event.due_at)
        said |= {name: value for name in _SAID if (value := getattr(event, name, None)) is not None}
        said |= {name: format_instant(value) for name in _SAID_AT if (value := getattr(event, name, None)) is not None}
        known.append((event.observed_at, 1, said))
    return [_plain(entry) for _, _, entry in sorted(known, key=lambda each: each[:2])]


def _put_aside(letters: Sequence[DeadLetter]) -> list[dict[str, Any]]:
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


def _text(at: Micros | None) -> str | None:
    return None if at is None else format_instant(from_micros(at))
