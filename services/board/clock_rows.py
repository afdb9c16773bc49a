"""[pure] From the clocks of a case to their rows: what became of each promise, and what reports count it by.

A promise is counted under the plan and the priority that its case had when its deadline was set: who lowers a priority
after a breach does not move the breach. Instants and lengths are microseconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.business_time.hours import measured_micros
from shared.business_time.instants import Micros
from shared.contracts.vocabulary import Hours
from shared.policy.promises import CaseKind
from shared.sla.case_state import CaseState
from shared.sla.clock import Clock
from shared.sla.pinned_edition import Editions
from shared.sla.terms_in_force import CaseView, origins


class Kind(NamedTuple):
    """What reports count promises by. "" = the case has no plan; without a target there are no hours."""

    plan: str
    priority: str
    calendar: str
    milestone: str
    promise: str
    hours: str


class ClockRow(NamedTuple):
    """A row of `clocks`, without the number of its case. `kind` is a row of `kinds`."""

    kind: Kind
    columns: dict[str, Any]


def clock_rows(clocks: Sequence[Clock], state: CaseState, view: CaseView, editions: Editions) -> Iterator[ClockRow]:
    """The rows of the clocks of a case."""
    kinds = _kinds(clocks, state, view, editions)
    for clock in clocks:
        outcome, outcome_at = outcome_of(clock)
        counted = kinds[_by(clock)]
        calendar = clock.terms.calendar or view.calendar
        hours = clock.terms.hours or ""
        kind = Kind(counted.situation.plan or "", counted.priority, calendar, clock.milestone, clock.promise, hours)
        yield ClockRow(
            kind,
            {
                "milestone": clock.milestone,
                "instance": clock.instance,
                "promise": clock.promise,
                "target": clock.target,
                "hours": clock.terms.hours,
                "calendar": calendar,
                "stage": clock.stage,
                "started_at": clock.started_at,
                "due_at": clock.due_at,
                "stopped_at": clock.stopped_at,
                "breached_at": clock.breached_at,
                "outcome": outcome,
                "outcome_at": outcome_at,
                "took": clock.used(clock.since) if clock.stage == "fulfilled" else None,
                "late": None if clock.stopped_at is None else late_by(clock, clock.stopped_at),
                "cause": clock.cause if clock.breached_at is not None else None,
            },
        )


def outcome_of(clock: Clock) -> tuple[str, Micros | None]:
    """What became of a promise, and when: broken at its deadline, kept once fulfilled, or over without either."""
    if clock.breached_at is not None:
        return "breached", clock.breached_at
    if clock.stage == "fulfilled":
        return "met", clock.stopped_at
    if clock.stage == "cancelled":
        return "cancelled", clock.stopped_at
    return "running", None


def late_by(clock: Clock, until: Micros) -> Micros | None:
    """How much time has counted from the missed deadline to `until`, in the hours of the clock; None = none is missed.

    Behind a deadline that had moved to an opening every second counts, as behind one in elapsed hours.
    """
    if clock.breached_at is None or clock.terms.hours is None:
        return None
    until = until if clock.stage == "running" else clock.since
    if until <= clock.breached_at:
        return 0
    hours: Hours = "business" if clock.terms.hours == "business" else "elapsed"
    return measured_micros(clock.breached_at, until, clock.target, hours, clock.calendar, clock.paused_spans)


def _by(clock: Clock) -> str:
    """The activity that gave the terms that its outcome was judged by; "" = the decision."""
    return clock.termed_by if clock.breached_at is None else clock.breached_under


def _kinds(clocks: Sequence[Clock], state: CaseState, view: CaseView, editions: Editions) -> Mapping[str, CaseKind]:
    """What the case was, by the activity that gave terms."""
    if not any(_by(clock) for clock in clocks):
        return {"": view.facts.kind}
    return {origin.by: origin.kind for origin in origins(state, editions)}
