"""The benchmark measures right answers, and says so honestly whether they come in time."""

import pytest

from shared.business_time.calendar import pause_spans
from shared.business_time.instants import DAY, SECOND, length, to_micros
from tests.bench import __main__ as bench
from tests.bench.calendars import PROMISES, START, Promise
from tests.bench.measure import Figure, Question, WrongAnswer, measured
from tests.oracle.wall_clock import WallClock


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: f"{promise.calendar} {promise.target}")
def test_what_is_measured_is_right_by_the_judge(promise: Promise) -> None:
    """A benchmark that is held to an answer the product gave itself would measure anything."""
    config = {"holidays": [], "overrides": {}, "breaks": [], **promise.config}
    start = to_micros(START)
    judge = WallClock(config, (start - DAY) // SECOND, (start + 400 * DAY) // SECOND, 900)
    assert judge.add(start, length(promise.target), pause_spans(promise.pauses)) == to_micros(promise.due)


def test_a_wrong_answer_is_not_measured() -> None:
    """It may be fast for the reason that makes it wrong."""
    with pytest.raises(WrongAnswer, match="sum: 4, not 5"):
        measured(Question("sum", lambda: 2 + 2, 5), repeats=1)


@pytest.mark.parametrize(
    ("microseconds", "tolerance", "missed"),
    [(15.0, 0.0, False), (15.1, 0.0, True), (18.7, 0.25, False), (19, 0.25, True)],
)
def test_a_goal_is_missed_by_more_than_the_tolerance(microseconds: float, tolerance: float, missed: bool) -> None:
    """The median counts, as one repeat in which the machine was busy says nothing."""
    figure = Figure(Question("add", int, 0, goal=15.0), (1.0, microseconds, 1000.0))
    assert figure.missed(tolerance) == missed
    assert not Figure(Question("add", int, 0), (microseconds,)).missed(tolerance)


def test_the_command_shows_every_figure_beside_its_goal(capsys: pytest.CaptureFixture[str]) -> None:
    """And it fails nobody's work by itself: machines differ."""
    assert bench.main(["--repeats", "1"]) == 0
    shown = capsys.readouterr().out
    assert "office, 2,000 h, add_micros" in shown
    assert shown.count("<= 15") == 8
    assert shown.count("<= 60") == 6
    assert "decision, first of its kind" in shown


def test_a_missed_goal_is_an_error_only_if_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine is known, a slower calendar may stop a change."""
    monkeypatch.setattr(bench, "questions", lambda: [Question("add", int, 0, goal=1e-6)])
    assert bench.main(["--repeats", "1"]) == 0
    assert bench.main(["--repeats", "1", "--strict"]) == 1
    assert bench.main(["--repeats", "1", "--strict", "--tolerance", "1e9"]) == 0
