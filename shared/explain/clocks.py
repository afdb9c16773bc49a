"""[pure] The clocks of a case: each number with the rule and the edition that it is from, and the ledger."""

from collections.abc import Sequence
from typing import Any

from shared.business_time.instants import LATEST, Micros, from_micros
from shared.business_time.spans import Span, clipped, merged
from shared.contracts.base import format_instant
from shared.contracts.structs import EscalationEvent, MilestoneTerms
from shared.explain.calls import calls
from shared.explain.case_history import CaseHistory
from shared.explain.clock_ledger import as_data, ledger_of, seconds
from shared.explain.ledger_reasons import because
from shared.explain.rules import (
    Rule,
    acknowledgement_rule,
    behaviour_rule,
    calendar_rule,
    counting_rule,
    target_rule,
)
from shared.messages.messages import Messages
from shared.policy.milestones import MilestoneRow, Reopened
from shared.sla.clock import Clock, Pause
from shared.sla.fold import as_of
from shared.sla.sla_clock import clocks_of


def clocks(
    history: CaseHistory,
    of_the_case: Rule,
    events: Sequence[EscalationEvent],
    at: Micros,
    messages: Messages,
) -> list[dict[str, Any]]:
    """Each clock at `at`. `of_the_case` is the rule of its calendar."""
    found = as_of(clocks_of(history.view.policy, history.seen_at(at)), at)
    return [_clock(history, clock, of_the_case, events, at, messages) for clock in found]


def _clock(
    history: CaseHistory,
    clock: Clock,
    of_the_case: Rule,
    events: Sequence[EscalationEvent],
    at: Micros,
    messages: Messages,
) -> dict[str, Any]:
    origin, milestone = history.origin(clock.termed_by), clock.milestone
    behaviour = behaviour_rule(history, origin, milestone, messages)
    row = history.view.policy.rules.milestones[milestone]
    return {
        "milestone": milestone,
        "instance": clock.instance,
        "promise": clock.promise,
        "target_seconds": clock.terms.target_seconds,
        "target_business_days": clock.terms.target_business_days,
        "until": clock.terms.until,
        "open_at_least": clock.terms.open_at_least,
        "hours": clock.terms.hours,
        "paused_by": list(clock.terms.paused_by),
        "reopen": clock.terms.reopen,
        "reopened": _reopened(row, clock.terms),
        "starts": row.starts,
        "again": row.again,
        "counts_from": row.counts_from,
        "stage": clock.stage,
        "late": clock.late,
        "started_at": _text(clock.started_at),
        "due_at": _text(clock.due_at),
        "breached_at": _text(clock.breached_at),
        "stopped_at": _text(clock.stopped_at),
        "stopped_by": None if clock.stopped_at is None else history.named(clock.by),
        "used_seconds": seconds(clock.used(at)),
        "acknowledged": [{"start": _text(start), "end": _text(end)} for start, end in _acknowledged(clock)],
        "rules": {
            "target": target_rule(history, origin, milestone, messages),
            "paused_by": behaviour,
            "reopen": behaviour,
            "counts_from": counting_rule(history, milestone, messages),
            "calendar": calendar_rule(history, clock, of_the_case, messages),
            "breached_at": _breach_rule(history, clock, messages),
            "acknowledged": acknowledgement_rule(history, clock, messages),
        },
        "ledger": _ledger(history, clock, at, messages),
        "calls": calls(history, clock, events, at, messages),
    }


def _reopened(row: MilestoneRow, terms: MilestoneTerms) -> Reopened:
    """What reopening the case does to a clock that has stopped: a row that says never outranks the terms."""
    return "never" if row.reopened == "never" else terms.reopen


def _acknowledged(clock: Clock) -> list[Span]:
    """When somebody had taken the call of the clock; a stopped clock would call nobody anyway."""
    until = LATEST if clock.stopped_at is None else clock.stopped_at
    return clipped(merged(clock.acknowledged), clock.started_at, until)


def _breach_rule(history: CaseHistory, clock: Clock, messages: Messages) -> Rule | None:
    """Where the deadline comes from that was missed: it may be that of terms that count no more."""
    if clock.breached_at is None:
        return None
    return target_rule(history, history.origin(clock.breached_under), clock.milestone, messages)


def _ledger(history: CaseHistory, clock: Clock, at: Micros, messages: Messages) -> list[dict[str, Any]]:
    edition = history.whose_calendar(clock).pinned.edition
    names = edition.holiday_names.get(history.calendar_id(clock), {})
    holidays = {name: text[messages.language] for name, text in names.items() if messages.language in text}
    found: list[dict[str, Any]] = []
    for entry, pause in ledger_of(clock, at):
        shown = {"holiday": None, "paused_by": None, **as_data(entry, _named(history, pause))}
        shown["because"] = because(shown, messages, holidays)
        found.append(shown)
    return found


def _named(history: CaseHistory, pause: Pause | None) -> dict[str, Any] | None:
    return None if pause is None else {"status": pause.status, **history.named(pause.by)}


def _text(at: Micros | None) -> str | None:
    return None if at is None else format_instant(from_micros(at))
