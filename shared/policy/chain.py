"""[pure] The escalation chain of an edition, laid out along a target: who is called after how much of it.

Warnings come before the deadline, escalation levels at it or after, each in the target's own hours. A level that
repeats calls again until the next level takes over; a warning, until the deadline.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from shared.business_time.instants import SECOND, Micros
from shared.contracts.vocabulary import Called
from shared.policy.model import EscalationLevel, LevelKind

_KEPT_TARGETS = 1_000


class Step(NamedTuple):
    """One call: `amount` of the target is used up then, which is `share` of it. `repetition` 0 = the level itself."""

    amount: Micros
    level: int
    repetition: int
    kind: LevelKind
    called: Called
    share: float


class Chain:
    """The levels of one edition; what follows for a target is worked out once."""

    __slots__ = ("_steps", "levels")

    def __init__(self, levels: Sequence[EscalationLevel]) -> None:
        self.levels = tuple(levels)
        self._steps: dict[Micros, tuple[Step, ...]] = {}

    def steps(self, target: Micros) -> tuple[Step, ...]:
        """Every call along a target, in the order in which they come."""
        known = self._steps.get(target)
        if known is None:
            if len(self._steps) >= _KEPT_TARGETS:
                self._steps.clear()
            # In order by level already, unless a case was given a target that the edition does not promise.
            known = self._steps[target] = tuple(sorted(self._laid_out(target)))
        return known

    def place_of(self, level: int) -> int | None:
        """Where in the edition's `escalation_levels` a level stands, or None if it has no such level."""
        return next((place for place, known in enumerate(self.levels) if known.level == level), None)

    @property
    def lowest_escalation(self) -> int | None:
        """The first level that is an escalation: the one that is said to be suppressed where nobody is entitled."""
        return next((level.level for level in self.levels if level.kind == "escalation"), None)

    def _laid_out(self, target: Micros) -> Iterator[Step]:
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
    """How much of `target` is used up when `level` is reached; nothing, if a warning is to come before the start."""
    if level.share is not None:
        return max(1, round(target * level.share))
    if level.before_deadline_seconds is not None:
        return max(0, target - level.before_deadline_seconds * SECOND)
    return target + (level.after_deadline_seconds or 0) * SECOND
