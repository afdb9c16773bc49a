"""[pure] The escalation chain of an edition: who is called at which point of a target.

Warnings are before the deadline, escalation levels at it or after, each in the target's own hours. A level repeats its
call until the next level is reached, a warning until the deadline.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
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
        """Every call for a target, in time order."""
        known = self._steps.get(target)
        if known is None:
            if len(self._steps) >= _KEPT_TARGETS:
                self._steps.clear()
            # Sorted, since levels may be out of time order on a target that the edition does not promise.
            known = self._steps[target] = tuple(sorted(self._computed(target)))
        return known

    def place_of(self, level: int) -> int | None:
        """The index of a level in the edition's `escalation_levels`, or None if it has no such level."""
        return next((place for place, known in enumerate(self.levels) if known.level == level), None)

    @property
    def lowest_escalation(self) -> int | None:
        """The first level that is an escalation: published as suppressed for plans without automated escalation."""
        return next((level.level for level in self.levels if level.kind == "escalation"), None)

    def _computed(self, target: Micros) -> Iterator[Step]:
        for level, following in zip_longest(self.levels, self.levels[1:]):
            until = None if following is None else amount_of(following, target)
            if level.kind == "warning":
                until = target if until is None else min(until, target)
            first = amount_of(level, target)
            repeat = level.repeat
            every = 0 if repeat is None else repeat.every_seconds * SECOND
            for repetition in range(1 if repeat is None else repeat.times + 1):
                amount = first + repetition * every
                if repetition and until is not None and amount >= until:
                    break
                yield Step(amount, level.level, repetition, level.kind, level.called, amount / target)


NO_CHAIN = Chain(())


def amount_of(level: EscalationLevel, target: Micros) -> Micros:
    """The amount of `target` at which `level` is reached; 0 for a warning that would be before the start."""
    if level.share is not None:
        return max(1, round(target * level.share))
    if level.before_deadline_seconds is not None:
        return max(0, target - level.before_deadline_seconds * SECOND)
    return target + (level.after_deadline_seconds or 0) * SECOND
