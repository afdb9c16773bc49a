"""[pure] What would become of an open case if it were given another edition, or another plan: nothing is sent here."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from shared.business_time.instants import Micros, from_micros, to_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import ActivityRecorded, Actor, CaseRouted
from shared.explain.case_log import CaseLog
from shared.explain.rebuild_case import rebuild_case
from shared.messages.reason import Reason
from shared.sla.case import MAX_ACTIVITIES, apply_activity, fire
from shared.sla.case_state import CaseState
from shared.sla.clock import Clock
from shared.sla.effects import ClockBreached, ClockEvent, ClockRestated
from shared.sla.errors import InputRefused
from shared.sla.fold import as_of
from shared.sla.pinned_edition import KnownEditions, PinnedEdition
from shared.sla.sla_clock import clocks_of, status_kind_at
from shared.sla.terms_in_force import CaseView, view_of

Editions = Mapping[bytes, PinnedEdition]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open case: its decision, its state, and the edition and the plan that count for it now."""

    case: CaseRouted
    state: CaseState
    pinned: PinnedEdition
    plan: str


def candidate(log: CaseLog, editions: Editions, now: datetime) -> Candidate | Reason | None:
    """The case of `log`, not closed at `now`; why it cannot be previewed; None if it is closed or not routed."""
    case = log.case
    if case is None:
        return None
    known = KnownEditions(editions)
    if known.find(case.edition, case.policy_sha256) is None:
        return Reason("migrate.unknown_edition", edition=case.edition, policy_sha256=case.policy_sha256)
    state, _ = rebuild_case(log, case, editions)
    if state is None:
        return Reason("migrate.uncountable")
    view = view_of(state, known)
    if status_kind_at(view.policy, view.clocks, to_micros(now)) == "closed":
        return None
    return Candidate(case, state, view.pinned, view.kind.situation.plan)


def to_edition(of: Candidate, target: PinnedEdition, now: datetime) -> ActivityRecorded:
    """The activity that migrates a case."""
    return _activity(of, now, type="policy_migrated", edition=target.edition.edition, policy_sha256=target.sha256)


def to_plan(of: Candidate, plan: str, now: datetime) -> ActivityRecorded:
    """The activity that gives a case the plan that its account has now."""
    return _activity(of, now, type="entitlement_refreshed", plan=plan)


def preview(of: Candidate, activities: list[ActivityRecorded], editions: Editions, now: datetime) -> dict[str, Any]:
    """What `activities` would change, as JSON data: each clock that comes out differently, and what would be published.

    `problem` is the Reason for which escalation would refuse one, if it would.
    """
    at, known = to_micros(now), KnownEditions(editions)
    state = copy(of.state)
    fire(state, known, at - 1, at)  # what time alone has brought is no consequence of the migration
    before = view_of(state, known)
    effects: list[ClockEvent] = []
    problem: Reason | None = None
    for number, activity in enumerate(activities):
        later = now + timedelta(microseconds=number)  # they count in the order in which they are sent
        try:
            sent = replace(activity, at=later, recorded_at=later)
            published = apply_activity(state, known, sent, at + number).effects
            effects += [effect for effect in published if isinstance(effect, ClockEvent)]
        except InputRefused as refused:
            problem = _problem(activity, view_of(state, known), refused)
    after = view_of(state, known)
    return {
        "case_id": of.case.case_id,
        "account_id": of.case.account_id,
        "edition": {"before": before.pinned.edition.edition, "after": after.pinned.edition.edition},
        "plan": {"before": before.kind.situation.plan, "after": after.kind.situation.plan},
        "priority": {"before": before.kind.priority, "after": after.kind.priority},
        "clocks": _differences(_clocks(before, at), _clocks(after, at)),
        "breaches": [_clock_name(effect) for effect in effects if isinstance(effect, ClockBreached)],
        "restated": [
            {**_clock_name(effect), "old": effect.old, "new": effect.new}
            for effect in effects
            if isinstance(effect, ClockRestated)
        ],
        "problem": problem,
    }


def body_of(activity: ActivityRecorded) -> dict[str, Any]:
    """The activity as intake takes it."""
    names = ("type", "plan", "edition", "policy_sha256")
    return {name: value for name in names if (value := getattr(activity, name)) is not None}


def _problem(activity: ActivityRecorded, case: CaseView, refused: InputRefused) -> Reason:
    """Why escalation would refuse an activity; words of an edition are facts without names of their own."""
    edition = activity.edition or case.pinned.edition.edition
    match refused.cause:
        case "unknown_calendar":
            return Reason("migrate.unknown_calendar", edition=edition, calendar=case.calendar)
        case "unknown_word":
            return Reason("migrate.unknown_word", edition=edition, word=activity.plan or case.kind.situation.plan)
        case "too_much_activity":
            return Reason("migrate.too_much_activity", limit=MAX_ACTIVITIES)
        case "uncountable_target":
            return Reason("migrate.uncountable_target", edition=edition)
        case cause:
            return Reason("migrate.refused", dead_letter=cause)


def _activity(of: Candidate, now: datetime, **given: Any) -> ActivityRecorded:
    return ActivityRecorded(
        case_id=of.case.case_id,
        activity_id=f"preview-{given['type']}",
        at=now,
        recorded_at=now,
        client="preview",
        actor=Actor(kind="system", id="preview"),
        **given,
    )


def _clocks(case: CaseView, at: Micros) -> dict[tuple[str, int], dict[str, Any]]:
    found = as_of(clocks_of(case.policy, case.clocks), at)
    return {(clock.milestone, clock.instance): _clock_facts(clock) for clock in found}


def _clock_facts(clock: Clock) -> dict[str, Any]:
    return {
        "stage": clock.stage,
        "promise": clock.promise,
        "target_seconds": clock.terms.target_seconds,
        "target_business_days": clock.terms.target_business_days,
        "until": clock.terms.until,
        "hours": clock.terms.hours,
        "due_at": None if clock.due_at is None else format_instant(from_micros(clock.due_at)),
        "late": clock.late,
    }


def _differences(
    before: Mapping[tuple[str, int], dict[str, Any]], after: Mapping[tuple[str, int], dict[str, Any]]
) -> list[dict[str, Any]]:
    keys = [*before, *(key for key in after if key not in before)]
    return [
        {"milestone": key[0], "instance": key[1], "before": before.get(key), "after": after.get(key)}
        for key in keys
        if before.get(key) != after.get(key)
    ]


def _clock_name(effect: ClockEvent) -> dict[str, Any]:
    return {"milestone": effect.milestone, "instance": effect.instance}
