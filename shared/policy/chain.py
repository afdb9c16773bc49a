"""[pure] The escalation chain of an edition: who is called at which point of a target.

Warnings are before the deadline, escalation levels at it or after, each in the target's own hours. A level calls and
repeats its call until the next level is reached, a warning until the deadline. An edition is refused if its levels do
not ascend on each of its targets. On a target that new terms give by hand, a level that would not come before the next
one makes way for it: calls ascend, and no two of them come at one amount.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.business_time.instants import SECOND, Micros
from shared.policy.model import EscalationLevel, LevelKind

_KEPT_TARGETS = 1_000


class Step(NamedTuple):
    """One call, at `amount` of the target, which is `share` of it. `repetition` 0 = the first call of the level."""

    amount: Micros
    level: int
    repetition: int
    kind: LevelKind
    called: str
    share: float


class Chain:
    """The levels of one edition. The steps for each target are computed once."""

    __slots__ = ("_steps", "levels")

    def __init__(self, levels: Sequence[EscalationLevel]) -> None:
        self.levels = tuple(levels)
        self._steps: dict[Micros, tuple[Step, ...]] = {}

    def steps(self, target: Micros) -> tuple[Step, ...]:
        """Every call for a target, in the order of the levels, which is that of their amounts."""
        known = self._steps.get(target)
        if known is None:
            if len(self._steps) >= _KEPT_TARGETS:
                self._steps.clear()
            known = self._steps[target] = tuple(reversed(tuple(self._from_last_to_first(target))))
        return known

    def place_of(self, level: int) -> int | None:
        """The index of a level in the edition's `escalation_levels`, or None if it has no such level."""
        return next((place for place, known in enumerate(self.levels) if known.level == level), None)

    @property
    def lowest_escalation(self) -> int | None:
        """The first level that is an escalation. On a target where a higher one comes before it, it calls nobody."""
        return next((level.level for level in self.levels if level.kind == "escalation"), None)

    def _from_last_to_first(self, target: Micros) -> Iterator[Step]:
        until: Micros | None = None  # when the next level is reached
        for level in reversed(self.levels):
            first = amount_of(level, target)
            if level.kind == "warning":
                until = target if until is None else min(until, target)
            amounts = [amount for amount in _amounts(level, first) if until is None or amount < until]
            for repetition, amount in reversed(tuple(enumerate(amounts))):
                yield Step(amount, level.level, repetition, level.kind, level.called, amount / target)
            until = first if amounts else until


def _amounts(level: EscalationLevel, first: Micros) -> Iterator[Micros]:
    """The amounts of a level's first call and of its repetitions."""
    yield first
    if level.repeat is not None:
        for repetition in range(1, level.repeat.times + 1):
            yield first + repetition * level.repeat.every_seconds * SECOND


NO_CHAIN = Chain(())


def amount_of(level: EscalationLevel, target: Micros) -> Micros:
    """The amount of `target` at which `level` is reached; 0 for a warning that would be before the start."""
    if level.share is not None:
        return max(1, round(target * level.share))
    if level.before_deadline_seconds is not None:
        return max(0, target - level.before_deadline_seconds * SECOND)
    return target + (level.after_deadline_seconds or 0) * SECOND
