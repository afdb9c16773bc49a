"""[pure] What differs for one case between two editions: the decision, the promises, the breaches and the calls."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from services.replay.backtest.case_outcome import Call, CaseOutcome, ClockName, ClockOutcome
from shared.business_time.instants import Micros

PromiseChange = Literal["new", "gone", "longer", "shorter"]


class DecisionDifference(NamedTuple):
    """A word of the decision: `what` is channel, tier or priority."""

    what: str
    before: str
    after: str


class PromiseDifference(NamedTuple):
    """A milestone that is promised in only one edition, or otherwise: `instance` is the first clock that differs."""

    milestone: str
    instance: int
    change: PromiseChange
    before: ClockOutcome | None
    after: ClockOutcome | None


class BreachDifference(NamedTuple):
    """A clock that is breached under one edition only: `newly` under the other one, else under the baseline.

    `at` is the deadline that passed; `promise` says whether it is a commitment.
    """

    milestone: str
    instance: int
    newly: bool
    at: Micros
    promise: str


class CallDifference(NamedTuple):
    """A call that is made under one edition only."""

    call: Call
    newly: bool
    at: Micros


class CaseDifference(NamedTuple):
    """All that differs for a case. It is false if nothing does."""

    decisions: tuple[DecisionDifference, ...] = ()
    promises: tuple[PromiseDifference, ...] = ()
    breaches: tuple[BreachDifference, ...] = ()
    calls: tuple[CallDifference, ...] = ()

    def __bool__(self) -> bool:
        return any(self)


def difference(before: CaseOutcome, after: CaseOutcome) -> CaseDifference:
    """What differs between the baseline (`before`) and the other edition (`after`)."""
    return CaseDifference(
        tuple(_decisions(before, after)),
        tuple(_promises(before.clocks, after.clocks)),
        tuple(_breaches(before.clocks, after.clocks)),
        tuple(_calls(before.calls, after.calls)),
    )


def _decisions(before: CaseOutcome, after: CaseOutcome) -> Iterator[DecisionDifference]:
    old, new = before.case, after.case
    for what, one, other in (
        ("channel", old.assigned_channel, new.assigned_channel),
        ("tier", old.assigned_tier, new.assigned_tier),
        ("priority", old.priority, new.priority),
    ):
        if one != other:
            yield DecisionDifference(what, one, other)


def _promises(
    before: dict[ClockName, ClockOutcome], after: dict[ClockName, ClockOutcome]
) -> Iterator[PromiseDifference]:
    """Each milestone once: by its first clock that has another deadline."""
    had, has = {name for name, _ in before}, {name for name, _ in after}
    seen: set[str] = set()
    for name in dict.fromkeys((*before, *after)):
        milestone, instance = name
        old, new = before.get(name), after.get(name)
        change: PromiseChange | None = None
        if milestone not in had:
            change = "new"
        elif milestone not in has:
            change = "gone"
        elif old is not None and new is not None:
            change = _by_deadline(old.due_at, new.due_at)
        if change is not None and milestone not in seen:
            seen.add(milestone)
            yield PromiseDifference(milestone, instance, change, old, new)


def _by_deadline(old: Micros | None, new: Micros | None) -> PromiseChange | None:
    if old == new:
        return None
    if new is None or (old is not None and new > old):
        return "longer"
    return "shorter"


def _breaches(
    before: dict[ClockName, ClockOutcome], after: dict[ClockName, ClockOutcome]
) -> Iterator[BreachDifference]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        was = None if old is None else old.breached_at
        now = None if new is None else new.breached_at
        if new is not None and now is not None and was is None:
            yield BreachDifference(*name, True, now, new.promise)
        elif old is not None and was is not None and now is None:
            yield BreachDifference(*name, False, was, old.promise)


def _calls(before: dict[Call, Micros], after: dict[Call, Micros]) -> Iterator[CallDifference]:
    for call, at in before.items():
        if call not in after:
            yield CallDifference(call, False, at)
    for call, at in after.items():
        if call not in before:
            yield CallDifference(call, True, at)
