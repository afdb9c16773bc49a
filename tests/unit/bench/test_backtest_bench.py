"""The benchmark of the backtest measures real work, and shows what it measured against the goal."""

import re

import pytest

from tests.bench.backtest import main


def test_both_ways_are_measured_against_the_goal(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with an error if the editions do not differ for the recorded cases, since then it measures nothing."""
    assert main(["--cases", "20"]) == 0
    figures = re.findall(r"^(against .*?) {2,}([\d,]+) \([\d,]+\)  (?:met|missed)$", capsys.readouterr().out, re.M)
    assert [name for name, _ in figures] == ["against what was decided", "against an edition by name"]
    assert all(int(figure.replace(",", "")) > 0 for _, figure in figures)
