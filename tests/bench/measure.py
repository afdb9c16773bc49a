"""How long a call takes, measured honestly: warmed up, many calls a repeat, several repeats, all of them shown.

A figure is the median of the repeats, its spread the fastest and the slowest; the call of a Python function around what
is measured (some 0.05 microseconds) is part of it. Time is that of the processor, for what is measured here never waits
and whatever else the machine does should not count. The answer is compared with the right one before and after.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time
from timeit import Timer
from typing import Any

_WARM_UP = 0.05  # seconds
_REPEAT = 0.02  # seconds that a repeat lasts at least


@dataclass(frozen=True)
class Question:
    """What is measured, what it must answer, and how long it may take (microseconds; None if nothing is promised)."""

    name: str
    ask: Callable[[], Any]
    right: Any
    goal: float | None = None


@dataclass(frozen=True)
class Figure:
    """Microseconds a call, of each repeat."""

    question: Question
    repeats: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure itself."""
        return median(self.repeats)

    def missed(self, tolerance: float = 0.0) -> bool:
        """Whether the goal is missed by more than that share of it."""
        return self.question.goal is not None and self.median > self.question.goal * (1 + tolerance)


class WrongAnswer(Exception):
    """What is measured does not answer what it must: however fast it is, it is of no use."""


def measured(question: Question, repeats: int) -> Figure:
    """The figure of one question. Raises WrongAnswer."""
    _check(question)
    timer = Timer(question.ask, timer=process_time)
    calls = max(1, round(_REPEAT / _seconds_a_call(timer)))
    found = tuple(seconds / calls * 1e6 for seconds in timer.repeat(repeats, calls))
    _check(question)
    return Figure(question, found)


def table(figures: list[Figure]) -> str:
    """The figures for people, with the goal beside each."""
    rows = [("microseconds a call", "median", "fastest - slowest", "goal", "")]
    for figure in figures:
        low, high, goal = min(figure.repeats), max(figure.repeats), figure.question.goal
        verdict = "" if goal is None else "missed" if figure.missed() else "met"
        spread = f"{low:,.2f} - {high:,.2f}"
        rows.append((figure.question.name, f"{figure.median:,.2f}", spread, f"<= {goal:g}" if goal else "", verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(row[n].rjust(widths[n]) for n in (1, 2, 3)), row[4]]).rstrip()
        for row in rows
    )


def _check(question: Question) -> None:
    answer = question.ask()
    if answer != question.right:
        raise WrongAnswer(f"{question.name}: {answer}, not {question.right}")


def _seconds_a_call(timer: Timer) -> float:
    """Roughly, after warming up."""
    calls, seconds = 1, timer.timeit(1)
    while seconds < _WARM_UP:
        calls *= 2
        seconds = timer.timeit(calls)
    return seconds / calls
