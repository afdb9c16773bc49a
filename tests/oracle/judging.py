"""Cases judged: how many, of what kinds, and what the product and the judge disagree on, in words."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig
from shared.business_time.holiday_sources import resolve_holidays
from tests.oracle.asking import UNKNOWN, Answer, answers
from tests.oracle.calendars import Case, make_case
from tests.oracle.open_dates import OpenDates
from tests.oracle.questions import Question, questions
from tests.oracle.wall_clock import WallClock
from tests.oracle.zones import zone

_EXAMPLES = 10  # one mistake makes many differences
_NEAR, _LONG = (timedelta(days=days) // timedelta(microseconds=1) for days in (2, 365))


@dataclass
class Tally:
    """What has been judged. A case is one calendar and one question."""

    calendars: int = 0
    unions: int = 0  # of these calendars
    cases: int = 0
    in_days: int = 0  # cases whose deadline in business days the judge knows
    deadlines: int = 0  # cases whose deadline the judge knows, be it `never`
    near: int = 0  # cases that start or end within two days of a change of offset
    long: int = 0  # cases whose span or promise is longer than a year
    zones: set[str] = field(default_factory=set)
    differences: int = 0
    examples: list[str] = field(default_factory=list)  # the first few differences, in words

    def include(self, other: "Tally") -> None:
        """Count what the other has counted as well."""
        self.calendars += other.calendars
        self.unions += other.unions
        self.cases += other.cases
        self.in_days += other.in_days
        self.deadlines += other.deadlines
        self.near += other.near
        self.long += other.long
        self.zones |= other.zones
        self.differences += other.differences
        self.examples = (self.examples + other.examples)[:_EXAMPLES]

    def count(self, judge: WallClock, asked: Question, found: list[Answer]) -> None:
        """One case more."""
        due = next(right for what, _, right in found if what == "add")
        until = max(asked.end, due) if isinstance(due, int) else asked.end
        self.cases += 1
        self.deadlines += due != UNKNOWN
        self.in_days += any(what.endswith("end_of_day: due") and right != UNKNOWN for what, _, right in found)
        self.long += until - asked.start > _LONG
        self.near += any(abs(at - change) <= _NEAR for at in (asked.start, asked.end) for change in judge.changes)


def judged_seeds(seeds: range, count: int) -> Tally:
    """`count` cases about the calendar of each seed. That something cannot be answered at all is a difference too."""
    tally = Tally()
    for seed in seeds:
        try:
            tally.include(judged(seed, count))
        except Exception as error:
            tally.include(Tally(differences=1, examples=[f"seed {seed}: {error!r}"]))
    return tally


def judged(seed: int, count: int) -> Tally:
    """`count` cases about the calendar of `seed`."""
    case = make_case(seed)
    calendar, judge = product(case), WallClock(case.config, case.start, case.end, case.cell)
    dates = OpenDates(judge)
    tally = Tally(calendars=1, unions=bool(judge.members), zones={leaf.key for leaf in judge.leaves})
    for asked in questions(random.Random(-1 - seed), judge, zone(judge.key), count):
        found = list(answers(calendar, judge, dates, asked))
        tally.count(judge, asked, found)
        wrong = [(what, said, right) for what, said, right in found if right not in (said, UNKNOWN)]
        words = [f"seed {seed}: {what} {said}, not {right}; {asked}" for what, said, right in wrong]
        tally.include(Tally(differences=len(words), examples=words))
    return tally


def product(case: Case) -> BusinessCalendar:
    """The calendar as the product makes it, of a holiday set or of the dates that editions keep instead."""
    config = CalendarConfig.model_validate(case.config)
    if case.resolved:
        first, last = (datetime.fromtimestamp(at, UTC).year for at in (case.start, case.end))
        config = resolve_holidays(config, first - 1, last + 1)
    return BusinessCalendar.from_config(config)
