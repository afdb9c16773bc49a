"""The driver must be as strict as the runtime: it shares the slice loop, and its clock does not lie."""

from datetime import timedelta

import pytest

from shared.contracts.topics import Topic
from shared.kafka.faults import TaskMustStop
from tests.harness.processors import Counter
from tests.harness.topology_driver import EPOCH, TopologyDriver

FIRST, SECOND = Topic("first", "k", "compact", "tests"), Topic("second", "k", "delete", "tests")
SINK = Topic("sink", "k", "delete", "tests")


def _driver() -> TopologyDriver:
    return TopologyDriver(lambda _partition: Counter((FIRST, SECOND), (SINK,)))


def _values(driver: TopologyDriver) -> list[bytes | None]:
    return [output.value for output in driver.outputs("sink")]


def test_a_record_goes_in_and_its_output_comes_out() -> None:
    """The plainest use: state carries over from one record to the next."""
    driver = _driver()
    assert [output.value for output in driver.pipe(FIRST, "a", b"")] == [b"1"]
    assert [output.value for output in driver.pipe(SECOND, "a", b"")] == [b"2"]
    assert driver.stores["counts"].get(b"a") == b"2"
    assert driver.positions == {"first": 1, "second": 1}


def test_a_slice_takes_the_first_source_before_the_second() -> None:
    """The router has to know the account before it decides the request of the same slice."""
    driver = _driver()
    later, earlier = driver.record(SECOND, "a", b""), driver.record(FIRST, "a", b"")
    outputs = driver.pipe_slice([later, earlier])
    assert [dict(output.headers)["from"] for output in outputs] == [b"first@0", b"second@0"]


def test_poison_leaves_nothing_behind_but_its_dead_letter() -> None:
    """Its changes and outputs are dropped, its neighbours' in the same transaction are kept."""
    driver = _driver()
    slice_ = [driver.record(FIRST, "a", value, (("h", b"\xff"),)) for value in (b"", b"poison", b"")]
    driver.pipe_slice(slice_)
    assert _values(driver) == [b"1", b"2"]
    (letter,) = driver.dead_letters
    assert (letter.cause, letter.message, letter.at) == ("on_request", "the record says poison", EPOCH)
    assert (letter.record.topic, letter.record.offset, letter.record.value) == ("first", 1, b"poison")
    assert letter.record.headers == (("h", b"\xff"),)


def test_an_unexpected_error_buries_the_record_without_quoting_it() -> None:
    """A bad record must not stop the others, and a dead letter's headers must not repeat a customer's words."""
    driver = _driver()
    driver.pipe(FIRST, "a", b"crash")
    (letter,) = driver.dead_letters
    assert letter.cause == "unexpected_error"
    assert letter.message.startswith("ZeroDivisionError in process, line ")
    assert "customer" not in letter.message


def test_task_must_stop_is_not_swallowed() -> None:
    """What would be wrong for every record is not one record's fault."""
    with pytest.raises(TaskMustStop, match="says stop"):
        _driver().pipe(FIRST, "a", b"stop")


def test_a_timer_fires_past_its_instant_not_at_it() -> None:
    """Never early: a timer is due when the wall clock is past it."""
    driver = _driver()
    driver.pipe(FIRST, "a", b"timer 60")
    due = EPOCH + timedelta(seconds=60)
    assert driver.advance_to(due) == []
    (fired,) = driver.advance_to(due + timedelta(seconds=1))
    assert fired.value == b"fired " + due.isoformat().encode()
    assert driver.advance_to(due + timedelta(days=1)) == []


def test_timers_fire_in_due_order_before_the_records_of_the_slice() -> None:
    """Order is what makes 'an escalation before its warning' impossible."""
    driver = _driver()
    driver.pipe_slice([driver.record(FIRST, key, f"timer {s}".encode()) for key, s in (("a", 9), ("b", 3), ("c", 6))])
    outputs = driver.pipe(FIRST, "d", b"", now=EPOCH + timedelta(seconds=7))
    assert [output.key for output in outputs] == [b"b", b"c", b"d"]


def test_a_restart_brings_back_state_timers_and_positions_from_the_changelog() -> None:
    """What a new owner knows is what the changelog kept, no more."""
    driver = _driver()
    driver.pipe_slice([driver.record(FIRST, "a", b""), driver.record(FIRST, "b", b"timer 5")])
    before = driver.processor
    driver.restart()
    assert driver.processor is not before
    assert driver.positions == {"first": 2, "second": 0}
    assert [output.key for output in driver.sleep_until(EPOCH + timedelta(hours=1))] == [b"b"]
    driver.restart()
    assert driver.sleep_until(EPOCH + timedelta(hours=2)) == []
    assert [output.value for output in driver.pipe(FIRST, "a", b"")] == [b"2"]


def test_what_was_aborted_happens_again() -> None:
    """A processor that has counted on the commit, in an index say, would not fire the second time."""
    driver = _driver()
    driver.pipe(FIRST, "t", b"timer 1")
    record = driver.record(FIRST, "a", b"")
    driver.advance_to(EPOCH + timedelta(seconds=1))
    aborted = driver.abort_slice([record], EPOCH + timedelta(seconds=2))
    assert [output.key for output in aborted] == [b"t", b"a"]
    assert _values(driver) == []
    assert driver.pipe_slice([record]) == aborted


def test_the_clock_does_not_run_back() -> None:
    """A test that sets time backwards by accident would prove nothing."""
    driver = _driver()
    driver.advance_to(EPOCH + timedelta(seconds=1))
    with pytest.raises(ValueError, match="does not run back"):
        driver.pipe(FIRST, "a", b"", now=EPOCH)
