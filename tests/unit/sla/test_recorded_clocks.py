"""Two hundred random histories and the clocks that they gave when they were recorded: a change of the fold shows here.

`recorded_clocks.jsonl` was written once, by the fold that had its rules in conditions instead of in a table. Where a
rule is meant to change, its lines are changed by hand, one by one, with a reason.

Four lines (30, 32, 62 and 150) have a `reopened` after a `restored`, on a case that was open all the time: it owes the
restoration again.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.instants import MINUTE, Micros, to_micros
from shared.contracts.vocabulary import ActivityType, Hours, ReopenMode
from shared.policy.case_rules import CaseRules
from shared.sla.clock import Activity, CasePolicy, Clock, Terms
from shared.sla.fold import fold
from tests.harness.desk import OFFICE, OPENED, minute, terms
from tests.harness.shipped import shipped_rules

RECORDED = Path(__file__).with_name("recorded_clocks.jsonl")
NIGHT = BusinessCalendar.from_config(
    {"timezone": "Asia/Kolkata", "hours": {day: [["20:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
)

# They were recorded when no message ended a wait or reopened a case; an edition can still say so.
RULES = CaseRules(shipped_rules().milestones)

# target in minutes, hours, paused by, at reopening; None = no target
Promised = dict[str, tuple[int, Hours, list[str], ReopenMode] | None]


class Recorded(msgspec.Struct, frozen=True, array_like=True):
    """One case. `history` has the minute after the submission, the type, the status, new terms and a new calendar."""

    status: str
    terms: Promised
    history: list[tuple[int, ActivityType, str | None, Promised | None, str | None]]
    clocks: list[list[Any]]


def asked(case: Recorded) -> tuple[CasePolicy, int, str, list[Activity]]:
    """What the fold is asked."""
    history = [
        Activity(minute(at), kind, f"{number}", to, _terms(new), NIGHT if calendar else None)
        for number, (at, kind, to, new, calendar) in enumerate(case.history)
    ]
    return CasePolicy(_terms(case.terms) or {}, OFFICE, RULES), to_micros(OPENED), case.status, history


def facts(clocks: Iterable[Clock]) -> list[list[Any]]:
    """Every field of the clocks, instants in minutes after the submission: which clock and stage; when it started, when
    the stage began, deadline, stop and breach; whether it is late; target and calendar; causes; pauses.
    """
    return [
        [
            f"{clock.milestone}#{clock.instance}",
            clock.stage,
            [_minute(at) for at in (clock.started_at, clock.since, clock.due_at, clock.stopped_at, clock.breached_at)],
            clock.late,
            clock.terms.target_seconds,
            "night" if clock.calendar is NIGHT else "office",
            [clock.cause, clock.why, clock.by, clock.termed_by, clock.breached_under],
            [[_minute(pause.start), _minute(pause.end), pause.status, pause.by] for pause in clock.pauses],
        ]
        for clock in clocks
    ]


def _minute(at: Micros | None) -> int | None:
    return None if at is None else (at - to_micros(OPENED)) // MINUTE


def _terms(promised: Promised | None) -> Terms | None:
    if promised is None:
        return None
    return {milestone: terms(None) if given is None else terms(*given) for milestone, given in promised.items()}


CASES = [msgspec.json.decode(line, type=Recorded) for line in RECORDED.read_text(encoding="utf-8").splitlines()]


def test_there_are_as_many_as_were_recorded() -> None:
    """An empty file would agree with everything."""
    assert (len(CASES), sum(len(case.clocks) for case in CASES) > 400) == (200, True)


@pytest.mark.parametrize("number", range(0, 200, 20))
def test_a_recorded_history_gives_the_clocks_that_it_gave(number: int) -> None:
    """All fields, what paused and what gave the terms included."""
    for case in CASES[number : number + 20]:
        assert facts(fold(*asked(case))) == case.clocks
