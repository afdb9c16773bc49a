"""How many mutants the tests notice: for each module, and for each of the three groups that have a goal.

A mutant is noticed if a test fails, or never ends, with it. One that all tests pass with is not, nor is one in code
that no test calls. What mutmut could not tell (it calls that suspicious) is not noticed either.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mutmut.stats import status_by_exit_code

GOAL = 0.9
NOTICED = ("killed", "timeout", "caught by type check")
NOT_CHECKED = ("not checked", "check was interrupted by user")
# group -> the modules in it, by their path or the folder that they are in
GROUPS: dict[str, tuple[str, ...]] = {
    "calendar": ("shared/business_time/",),
    "clock": (
        "shared/policy/milestones.py",
        "shared/sla/sla_clock.py",
        "shared/sla/clock.py",
        "shared/sla/fold.py",
        "shared/sla/clock_diff.py",
        "shared/sla/next_due.py",
        "shared/sla/terms_in_force.py",
    ),
    "escalate": (
        "shared/sla/levels.py",
        "shared/sla/customer_escalation.py",
        "shared/policy/chain.py",
    ),
}


class NoResults(Exception):
    """mutmut has not run here: there is nothing to count."""


@dataclass
class Score:
    """The mutants of a module or a group, by what became of them."""

    name: str
    found: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All mutants."""
        return self.found.total()

    @property
    def noticed(self) -> int:
        """Those that a test notices."""
        return sum(self.found[status] for status in NOTICED)

    @property
    def left(self) -> int:
        """Those that nobody has tried yet."""
        return sum(self.found[status] for status in NOT_CHECKED)

    @property
    def share(self) -> float:
        """How many are noticed, of all."""
        return self.noticed / self.total if self.total else 0.0


def read_scores(folder: Path) -> list[Score]:
    """The score of each module, from what mutmut keeps beside its copies in `folder`. Raises NoResults."""
    scores = []
    for file in sorted(folder.rglob("*.py.meta")):
        codes = json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
        if codes:
            name = file.relative_to(folder).as_posix().removesuffix(".meta")
            scores.append(Score(name, Counter(status_by_exit_code[code] for code in codes.values())))
    if not scores:
        raise NoResults
    return scores


def grouped(scores: Iterable[Score]) -> dict[str, list[Score]]:
    """The modules of each group."""
    known = list(scores)
    return {group: [score for score in known if score.name.startswith(modules)] for group, modules in GROUPS.items()}


def together(name: str, scores: Iterable[Score]) -> Score:
    """Several scores as one."""
    return Score(name, sum((score.found for score in scores), Counter()))


def table(groups: dict[str, list[Score]]) -> str:
    """The scores for people, each group above its modules."""
    rows: list[tuple[str, ...]] = [("", "noticed", "survived", "no tests", "other", "not tried", "mutants", "")]
    for group, scores in groups.items():
        whole = together(group, scores)
        verdict = "" if whole.left else "met" if whole.share >= GOAL else "missed"
        rows.append((*_row(whole), f"{whole.share:.1%}, goal {GOAL:.0%} {verdict}".rstrip()))
        rows += [(*_row(score, "  "), f"{score.share:.1%}") for score in scores]
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(row[n].rjust(widths[n]) for n in range(1, 7)), row[7]]).rstrip()
        for row in rows
    )


def _row(score: Score, indent: str = "") -> tuple[str, ...]:
    survived, no_tests = score.found["survived"], score.found["no tests"]
    other = score.total - score.noticed - survived - no_tests - score.left
    numbers = (score.noticed, survived, no_tests, other, score.left, score.total)
    return (indent + score.name, *(f"{number:,}" for number in numbers))
