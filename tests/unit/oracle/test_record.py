"""What has been judged stays judged, of exactly what it was judged of."""

from pathlib import Path

import pytest

from tests.oracle.__main__ import main
from tests.oracle.judging import Tally
from tests.oracle.record import Record, judging_now

TALLY = Tally(calendars=10, cases=400, deadlines=350, near=200, long=3, zones={"UTC", "Asia/Gaza"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the record is kept: in a folder that is not there yet."""
    return tmp_path / "kept" / "oracle.jsonl"


def test_what_is_done_is_known_the_next_time(path: Path) -> None:
    """A million cases take longer than anybody wants to wait for in one go."""
    Record(path, "this").add((0, 10, 40), TALLY)
    again = Record(path, "this")
    again.add((10, 10, 40), TALLY)
    assert not again.begins_anew
    assert Record(path, "this").done == {(0, 10, 40): TALLY, (10, 10, 40): TALLY}


def test_another_product_judge_or_data_begins_anew(path: Path) -> None:
    """What was right of other code says nothing about this one."""
    Record(path, "this").add((0, 10, 40), TALLY)
    other = Record(path, "that")
    assert other.begins_anew
    assert other.done == {}
    assert Record(path, "that").done == {}


def test_a_line_that_was_not_written_to_its_end_does_not_count(path: Path) -> None:
    """Power may fail at any byte: what was finished before stays, and what comes after is readable."""
    record = Record(path, "this")
    record.add((0, 10, 40), TALLY)
    one = path.read_bytes()
    record.add((10, 10, 40), TALLY)
    two = path.read_bytes()
    for length in range(len(one) + 1, len(two) - 1):
        path.write_bytes(two[:length])
        assert set(Record(path, "this").done) == {(0, 10, 40)}
    path.write_bytes(two[:-10])
    Record(path, "this").add((20, 10, 40), TALLY)
    assert set(Record(path, "this").done) == {(0, 10, 40), (20, 10, 40)}


def test_a_difference_found_before_is_still_one(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Going on where it stopped must not forget what was wrong."""
    wrong = Tally(calendars=10, cases=400, zones={"UTC"}, differences=2, examples=["seed 3: elapsed 1, not 2"])
    Record(path, judging_now()).add((0, 10, 40), wrong)
    assert main(["--cases", "400", "--record", str(path)]) == 1
    said = capsys.readouterr().out
    assert "seed 3: elapsed 1, not 2" in said
    assert said.rstrip().endswith(" 2")
