"""[pure] One case: what opening it, hearing of it and the passing of time do to its stored state.

Each function changes the state in place and says what follows: the effects to publish and the case's one timer. When
the clocks of a case wait for nothing any more, the timer is that of forgetting it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from services.escalation.arrivals import micros
from services.escalation.case_state import (
    REPRIORITISED,
    CaseState,
    Facts,
    Heard,
    heeded,
    loaded_terms,
    note,
    stored_terms,
)
from services.escalation.clock_state import Activity, CaseClocks, CasePolicy
from services.escalation.effects import Effect
from services.escalation.folding import RELEVANT, in_order, meaning
from services.escalation.keys import pack_id, pack_trace
from services.escalation.pinned import PinnedEdition
from services.escalation.sla_clock import (
    Step,
    advance,
    apply_activity,
    clocks_of,
    next_due,
    open_case,
    refold,
)
from shared.business_time.errors import CalendarError
from shared.business_time.instants import DAY, Micros
from shared.contracts.intake import ActivityRecorded
from shared.contracts.router import CaseRouted, DecidedMilestone
from shared.contracts.terms import MilestoneTerms
from shared.contracts.vocabulary import (
    ACTIVITY_TYPES,
    ENVIRONMENTS,
    IMPACTS,
    PLANS,
    PRIORITIES,
    WORKAROUNDS,
    Milestone,
    Priority,
)
from shared.kafka.processor import PoisonRecord

# A case that was closed is forgotten when nobody has touched it for so long.
QUIET_AFTER_CLOSED = 30 * DAY
# One that nobody closed, but that waits for nothing: as long as support.cases.v1 keeps it.
QUIET_UNCLOSED = 90 * DAY
# Nobody writes so much to a case by hand: something has run wild, and the state must stay small.
HEARD_AT_MOST = 1_000


class Turn(NamedTuple):
    """What follows from a step: what to publish, the case's timer, and the priority that it has now."""

    effects: list[Effect]
    timer: Micros | None
    priority: Priority


def new_case(case: CaseRouted, edition: bytes, pinned: PinnedEdition, traceparent: str | None) -> CaseState:
    """What is remembered of a routed case; `edition` is how the state refers to `pinned`. Raises PoisonRecord."""
    if case.calendar not in pinned.edition.calendars:
        raise PoisonRecord(
            "malformed_event", f"calendar: edition {case.edition} has none called {case.calendar[:60]!r}"
        )
    plan, staffed = case.entitlement.plan, pinned.edition.channels[case.assigned_channel].staffed
    terms = stored_terms({name: _pinned_terms(name, told, pinned) for name, told in case.milestones.items()})
    usual = pinned.policy(plan, case.priority, case.calendar, staffed=staffed, automated=case.escalation.automated)
    trace, sampled = pack_trace(traceparent)
    facts = Facts(
        calendar=pinned.calendar_names.index(case.calendar),
        plan=PLANS.index(plan),
        priority=PRIORITIES.index(case.priority),
        impact=IMPACTS.index(case.impact),
        workaround=WORKAROUNDS.index(case.workaround),
        environment=ENVIRONMENTS.index(case.environment),
        staffed=staffed,
        automated=case.escalation.automated,
        sampled=sampled,
    )
    return CaseState(
        account=None if case.account_id is None else pack_id(case.account_id),
        edition=edition,
        facts=facts.packed(),
        opened_at=micros(case.received_at, "received_at"),
        trace=trace,
        terms=None if terms == stored_terms(usual.terms) else terms,
    )


def _pinned_terms(milestone: Milestone, told: DecidedMilestone, pinned: PinnedEdition) -> MilestoneTerms:
    """What the decision promised; how such a clock pauses and reopens is the pinned edition's to say."""
    if told.target_seconds is None:
        return MilestoneTerms(target_seconds=None, reason=told.reason)
    behaviour = pinned.edition.milestones[milestone]
    return MilestoneTerms(
        target_seconds=told.target_seconds,
        hours=told.hours,
        promise=told.promise,
        paused_by=behaviour.paused_by,
        reopen=behaviour.reopen,
    )


def open_clocks(state: CaseState, pinned: PinnedEdition, now: Micros) -> Turn:
    """Start the clocks of a new case. Raises PoisonRecord where a target cannot be counted."""
    policy = policy_of(state, pinned)
    try:
        step = open_case(policy, state.opened_at)
    except CalendarError as error:
        raise _uncountable(error) from None
    return _turn(state, policy, step, PRIORITIES[Facts.unpacked(state.facts).priority], now)


def hear(state: CaseState, pinned: PinnedEdition, activity: ActivityRecorded, now: Micros) -> Turn:
    """Take in one activity. One that was heard before, or that no clock cares about, has no effects.

    Raises PoisonRecord if it is one too many, or sets terms that cannot be counted.
    """
    policy = policy_of(state, pinned)
    clocks, priority = heeded(state, pinned)
    if activity.type not in RELEVANT:
        return Turn([], _timer(policy, clocks, next_due(policy, clocks), now), priority)
    if len(state.heard) >= HEARD_AT_MOST:
        raise PoisonRecord("too_much_activity", f"the clocks of a case take in {HEARD_AT_MOST} activities at most")
    heard = [*state.heard, _heard(state, activity)]
    after = heeded(replace(state, heard=heard), pinned)
    history = after.clocks.history
    try:
        step = apply_activity(policy, clocks, history[-1], now)
        if activity.type == "reprioritised" and any(earlier.kind == REPRIORITISED for earlier in state.heard):
            # One that comes late can change what a later one left unsaid.
            again = refold(policy, step.case, history, history[-1].at, now)
            step = again._replace(effects=step.effects + again.effects)
    except CalendarError as error:
        raise _uncountable(error) from None
    state.heard = heard
    return _turn(state, policy, step, after.priority, now)


def fire(state: CaseState, pinned: PinnedEdition, due: Micros, now: Micros) -> Turn | None:
    """Fire what is due at `due` or before; None = the case was only waiting to be forgotten."""
    policy = policy_of(state, pinned)
    clocks, priority = heeded(state, pinned)
    step = advance(policy, clocks, due + 1)
    if not step.effects and step.next_due is None and not _waits(policy, step.case):
        return None
    return _turn(state, policy, step, priority, now)


def policy_of(state: CaseState, pinned: PinnedEdition) -> CasePolicy:
    """What the case was promised when it was routed."""
    facts = Facts.unpacked(state.facts)
    policy = pinned.policy(
        PLANS[facts.plan],
        PRIORITIES[facts.priority],
        pinned.calendar_names[facts.calendar],
        staffed=facts.staffed,
        automated=facts.automated,
    )
    terms = loaded_terms(state.terms)
    return policy if terms is None else policy._replace(terms=terms)


def _turn(state: CaseState, policy: CasePolicy, step: Step, priority: Priority, now: Micros) -> Turn:
    note(state, step.case)
    return Turn(step.effects, _timer(policy, step.case, step.next_due, now), priority)


def _timer(policy: CasePolicy, clocks: CaseClocks, due: Micros | None, now: Micros) -> Micros | None:
    if due is not None or _waits(policy, clocks):
        return due
    return now + (QUIET_AFTER_CLOSED if _closed(in_order(policy, clocks.history)) else QUIET_UNCLOSED)


def _waits(policy: CasePolicy, clocks: CaseClocks) -> bool:
    """Whether a clock is still to be answered, be it that it is paused, or that everybody was called already."""
    return any(clock.live for clock in clocks_of(policy, clocks))


def _closed(history: Iterable[Activity]) -> bool:
    closed = False
    for activity in history:
        kind = meaning(activity)
        if kind in ("closed", "withdrawn"):
            closed = True
        elif kind in ("reopened", "status_changed"):
            closed = False
    return closed


def _heard(state: CaseState, activity: ActivityRecorded) -> Heard:
    return Heard(
        after=micros(activity.at, "at") - state.opened_at,
        kind=ACTIVITY_TYPES.index(activity.type),
        id=pack_id(activity.activity_id),
        to=activity.to,
        impact=None if activity.impact is None else IMPACTS.index(activity.impact),
        workaround=None if activity.workaround is None else WORKAROUNDS.index(activity.workaround),
        terms=None if activity.milestones is None else stored_terms(activity.milestones),
    )


def _uncountable(error: CalendarError) -> PoisonRecord:
    return PoisonRecord("uncountable_target", str(error))
