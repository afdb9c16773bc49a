"""The slice loop: what goes into the changelog, and that an abort leaves nothing behind."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.topics import DEAD_LETTER_HEADROOM, MAX_MESSAGE_BYTES, Topic
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.faults import TaskMustStop
from shared.kafka.record import Record, Withheld, size_of
from shared.streams.overlay import Overlay
from shared.streams.positions import Offsets
from shared.streams.task_state import OFFSETS_KEY, TaskState
from tests.harness.processors import Counter
from tests.harness.sqlite_store import SqliteStore, on_sqlite

NOW = datetime(2026, 1, 1, tzinfo=UTC)
A, B, SINK = (Topic(name, "k", "delete", "tests") for name in ("a", "b", "sink"))


def _task() -> TaskState:
    processor = Counter((A, B), (SINK,))
    return TaskState("svc", processor, partition=3)


def _record(topic: str, offset: int, key: bytes = b"k", value: bytes = b"") -> Record:
    return Record(topic, 3, offset, 0, key, value)


def test_positions_are_the_last_changelog_record_where_the_slice_writes_anyway() -> None:
    """Restoring takes the latest; another partition would cost every transaction another round trip."""
    task = _task()
    done = task.run([_record("a", 4), _record("b", 9, b"t", b"timer 1")], NOW)
    outputs = task.changelog_outputs(done.overlay)
    assert [(output.topic, output.key, output.partition) for output in outputs] == [
        ("svc-counts-changelog", b"k", 3),
        ("svc-counts-changelog", b"t", 3),
        ("svc-timers-changelog", b"t", 3),
        ("svc-timers-changelog", OFFSETS_KEY, 3),
    ]
    assert outputs[-1].value == Offsets({"a": 5, "b": 10}).encode()


def test_a_value_that_does_not_change_is_not_written() -> None:
    """Deleting an absent key, or putting the present value, costs no record."""
    task = _task()
    task.commit(task.run([_record("a", 0)], NOW).overlay)
    overlay = Overlay(task.stores, now=NOW, partition=3, positions=task.positions)
    overlay.put("counts", b"k", b"1")
    overlay.delete("timers", b"none")
    assert [output.key for output in task.changelog_outputs(overlay)] == [OFFSETS_KEY]


def test_a_dropped_slice_leaves_nothing_behind() -> None:
    """An abort needs no undo."""
    task = _task()
    first = task.run([_record("a", 0)], NOW)
    second = task.run([_record("a", 0)], NOW)
    assert first.overlay.outputs == second.overlay.outputs
    assert task.positions == {}
    assert len(task.stores["counts"]) == 0


def test_a_consumed_record_is_not_consumed_again() -> None:
    """Whatever the client fetches, a position only moves forward."""
    task = _task()
    task.commit(task.run([_record("a", 0), _record("a", 1)], NOW).overlay)
    done = task.run([_record("a", 0), _record("a", 1)], NOW)
    assert done.empty
    assert task.refuse(_record("a", 1), NOW, "conflict", "m", by_reference=False).empty


def test_restoring_takes_the_latest_positions_of_all_stores() -> None:
    """Each transaction writes them to one changelog only."""
    task = _task()
    task.restore("counts", [(b"k", b"7"), (OFFSETS_KEY, Offsets({"a": 5, "b": 1}).encode())])
    task.restore("timers", [(OFFSETS_KEY, Offsets({"a": 4, "b": 10}).encode())])
    assert task.positions == {"a": 5, "b": 10}
    assert (len(task.stores["counts"]), task.stores["counts"].get(b"k")) == (1, b"7")


def test_the_last_positions_of_each_changelog_count_even_if_they_are_earlier() -> None:
    """An operator has set them back in all changelogs, and one has been written since; the others still say less."""
    task = _task()
    for store in ("counts", "timers"):
        task.restore(store, [(OFFSETS_KEY, Offsets({"a": 31, "b": 1}).encode())])
        task.restore(store, [(OFFSETS_KEY, Offsets({"a": 20, "b": 1}).encode())])
    assert task.positions == {"a": 20, "b": 1}
    task.commit(task.run([_record("a", 20)], NOW).overlay)
    task.restore("timers", [(OFFSETS_KEY, Offsets({"a": 20, "b": 1}).encode())])
    assert task.positions == {"a": 21, "b": 1}
    task.restore("counts", [(OFFSETS_KEY, Offsets({"a": 9, "b": 1}).encode())])
    assert task.positions == {"a": 20, "b": 1}


@dataclass
class _Observed(Counter):
    """Keeps what it is called with."""

    seen: list[tuple[str, bytes]] = field(default_factory=list)

    def store_changed(self, store: str, key: bytes, value: bytes | None) -> None:
        """Keep the entry."""
        self.seen.append((store, key))


def test_a_store_gets_all_changes_of_a_slice_at_once_and_the_processor_one_by_one() -> None:
    """A store on disk then writes one transaction for each slice; an index follows the order of the changes."""
    processor = _Observed((A, B), (SINK,))
    task = TaskState("svc", processor, partition=3, make_store=on_sqlite)
    task.commit(task.run([_record("a", n, b"k%d" % n, b"timer 1" if n == 1 else b"") for n in range(3)], NOW).overlay)
    applied = {name: store.applied for name, store in task.stores.items() if isinstance(store, SqliteStore)}
    assert applied == {"counts": 1, "timers": 1}
    assert processor.seen == [("counts", b"k0"), ("counts", b"k1"), ("timers", b"k1"), ("counts", b"k2")]
    task.commit(task.run([_record("a", 3)], NOW).overlay)
    assert {name: len(store) for name, store in task.stores.items()} == {"counts": 4, "timers": 1}


def test_a_reserved_key_is_refused() -> None:
    """It would be lost on restore."""
    task = _task()
    overlay = Overlay(task.stores, now=NOW, partition=3)
    overlay.put("counts", b"\x00mine", b"1")
    with pytest.raises(TaskMustStop, match="may not start with a zero byte"):
        task.changelog_outputs(overlay)


def _indexed(task: TaskState) -> int:
    """Fill the indexes, as a takeover does after it has restored; returns in how many pieces."""
    return 1 + sum(1 for _ in task.index())


def _due(task: TaskState, *keys: bytes) -> None:
    for second, key in enumerate(keys):
        task.restore("timers", [(key, datetime(2025, 1, 1, 0, 0, second, tzinfo=UTC).isoformat().encode())])
    _indexed(task)


def test_a_timer_that_fails_leaves_nothing_behind_and_the_others_fire_in_due_order() -> None:
    """One bad timer must not stop the clocks of its whole partition, as one bad record does not stop its log."""
    task = _task()
    _due(task, b"a", b"crash", b"b")
    done = task.run([_record("a", 0)], NOW)
    assert [timer.key for timer in done.fired] == [b"a", b"b"]
    assert [(failed.timer.key, type(failed.error)) for failed in done.failed] == [(b"crash", ZeroDivisionError)]
    assert [output.key for output in done.overlay.outputs] == [b"a", b"b", b"k"]
    assert ("timers", b"crash") not in done.overlay.changes
    assert (done.timers, done.records, done.due) == (2, 1, datetime(2025, 1, 1, tzinfo=UTC))


def test_a_timer_that_failed_is_tried_again_after_an_hour_and_not_before() -> None:
    """Neither in a busy loop nor never; an aborted transaction does not undo it."""
    task = _task()
    _due(task, b"crash")
    (failed,) = task.run([], NOW).failed
    assert failed.until == NOW + timedelta(hours=1) == task.processor.next_due()
    assert task.processor.postponed() == (1, datetime(2025, 1, 1, tzinfo=UTC))
    for later, tries in ((timedelta(seconds=1), 0), (timedelta(hours=1), 0), (timedelta(hours=1, seconds=1), 1)):
        done = task.run([], NOW + later)
        assert (len(done.failed), done.empty) == (tries, True)


def test_a_task_whose_timers_all_fail_still_processes_its_records() -> None:
    """Failures count towards the limit: a slice stays short."""
    task = _task()
    _due(task, *(b"crash %d" % number for number in range(5)))
    done = task.run([_record("a", 0)], NOW, timer_limit=3)
    assert (len(done.failed), done.timers, done.records) == (3, 0, 1)


def test_a_timer_that_raises_task_must_stop_stops_the_task() -> None:
    """The reason would hold for every timer, not for this one alone."""
    task = _task()
    _due(task, b"a", b"stop")
    with pytest.raises(TaskMustStop, match="the timer says stop"):
        task.run([], NOW)
    assert task.processor.postponed().timers == 0


@dataclass
class _DeadLettersItself(Counter):
    """Dead-letters each record itself and counts it, as a topology does with what waits for another record."""

    counted: int = 0

    def process(self, record: Record, overlay: Overlay) -> None:
        """Dead-letter it, then obey its value."""
        overlay.dead_letter(DeadLetter("unknown_case", "its case did not come", "svc", overlay.now, record))
        overlay.on_commit(self.count)
        super().process(record, overlay)

    def count(self) -> None:
        """One more."""
        self.counted += 1


def test_a_dead_letter_of_a_topology_is_dropped_with_the_changes_of_its_record() -> None:
    """A record that fails afterwards has one dead letter, which names that failure."""
    task = TaskState("svc", _DeadLettersItself((A, B), (SINK,)), partition=3)
    done = task.run([_record("a", 0), _record("a", 1, value=b"poison")], NOW)
    letters = [(letter.cause, letter.record.offset) for letter in done.overlay.dead_letters]
    assert letters == [("unknown_case", 0), ("unexpected_type", 1)]
    assert [output.topic for output in done.overlay.outputs] == ["a-dlt", SINK.name, "a-dlt"]


def test_what_a_topology_counts_is_counted_once_it_is_committed() -> None:
    """A slice that is aborted and run again must not count twice, nor a record that was rolled back at all."""
    processor = _DeadLettersItself((A, B), (SINK,))
    task = TaskState("svc", processor, partition=3)
    records = [_record("a", 0), _record("a", 1, value=b"poison")]
    task.run(records, NOW)
    assert processor.counted == 0
    task.commit(task.run(records, NOW).overlay)
    assert processor.counted == 1


def test_timers_beyond_the_limit_fire_in_the_next_slice() -> None:
    """The records of the slice are processed nevertheless."""
    task = _task()
    due = datetime(2025, 1, 1, tzinfo=UTC).isoformat().encode()
    task.restore("timers", [(b"t%d" % n, due) for n in range(5)])
    _indexed(task)
    done = task.run([_record("a", 0)], NOW, timer_limit=3)
    assert (done.timers, done.records, done.due) == (3, 1, datetime(2025, 1, 1, tzinfo=UTC))
    task.commit(done.overlay)
    assert task.run([], NOW).timers == 2


@pytest.mark.parametrize(("answers", "fired"), [([False], 1), ([True, True, False], 3), ([True] * 9, 5)])
def test_a_slice_fires_for_as_long_as_its_caller_lets_it_and_its_records_have_their_turn(
    answers: list[bool], fired: int
) -> None:
    """How long a timer takes is not known before: the runtime looks at the clock after each. One fires in any case."""
    task = _task()
    _due(task, *(b"t%d" % number for number in range(5)))
    done = task.begin(NOW)
    asked = iter(answers)
    task.fire(done, may_go_on=lambda: next(asked))
    task.process(done, [_record("a", 0)])
    assert (done.timers, done.records, done.overlay.positions) == (fired, 1, {"a": 1})
    task.commit(done.overlay)
    assert task.run([], NOW).timers == 5 - fired


def test_each_restored_entry_is_indexed_once_however_often_its_changelog_has_it() -> None:
    """Compaction may be far behind. What was restored later than that, the tail of a commit, is indexed at once."""
    processor = _Observed((A, B), (SINK,))
    task = TaskState("svc", processor, partition=3)
    task.restore("counts", [(b"k", b"1"), (b"gone", b"1"), (b"k", b"2")])
    task.restore("counts", [(b"gone", None), (b"k", b"3")])
    assert processor.seen == []
    assert _indexed(task) == 1
    assert processor.seen == [("counts", b"k")]
    assert _indexed(task) == 1
    task.restore("counts", [(b"k", None)])
    assert processor.seen == [("counts", b"k")] * 2


def test_indexes_are_filled_in_pieces() -> None:
    """A million timers at once would keep the other tasks and the heartbeats waiting for half a second."""
    task = _task()
    due = datetime(2025, 1, 1, tzinfo=UTC).isoformat().encode()
    task.restore("timers", [(b"%d" % number, due) for number in range(10_500)])
    assert _indexed(task) == 11
    assert task.processor.next_due() == datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Record("a", 3, 4, 0, b"k", b"[" * MAX_MESSAGE_BYTES), "the record has 1048577 bytes uncompressed"),
        (Record("a", 3, 4, 0, b"k" * MAX_MESSAGE_BYTES, b"["), "the record has 1048577 bytes uncompressed"),
        (Record("a", 3, 4, 0, b"k", b"", (("h", b"x" * MAX_MESSAGE_BYTES),)), "the record has 1048578 bytes"),
        (Record("a", 3, 4, 0, None, Withheld("record_too_large", "offsets 2 to 4 decode to")), "offsets 2 to 4"),
    ],
    ids=["value", "key", "headers", "withheld"],
)
def test_a_record_larger_than_its_topic_takes_is_dead_lettered_by_reference_unprocessed(
    record: Record, message: str
) -> None:
    """With its value the dead letter would be refused, or break the connection; by reference it always fits."""
    task = _task()
    done = task.run([record, _record("a", 5)], NOW)
    (letter,) = done.overlay.dead_letters
    assert (letter.cause, letter.by_reference, done.records) == ("record_too_large", True, 2)
    assert letter.message.startswith(message)
    written, counted = done.overlay.outputs
    assert (written.topic, written.value) == ("a-dlt", None)
    assert size_of(written.key, written.value, written.headers) < DEAD_LETTER_HEADROOM
    assert (counted.topic, counted.value, done.overlay.positions) == (SINK.name, b"1", {"a": 6})


def test_a_record_as_large_as_its_topic_takes_is_processed() -> None:
    """The limit is that of the topic: what a producer may send uncompressed."""
    record = _record("a", 4, b"k", b" " * (MAX_MESSAGE_BYTES - 1))
    assert not _task().run([record], NOW).overlay.dead_letters


def test_positions_in_a_deleted_topic_are_kept_apart() -> None:
    """In another topic of the same name an offset is meaningless, so the task must not continue at it."""
    task = _task()
    task.topic_ids["a"] = "new"
    task.restore("counts", [(OFFSETS_KEY, Offsets({"a": 5, "b": 1}, {"a": "old"}).encode())])
    assert (task.positions, task.stale) == ({"b": 1}, {"a": "old"})
    task.restore("timers", [(OFFSETS_KEY, Offsets({"a": 2}, {"a": "new"}).encode())])
    assert task.positions == {"a": 2, "b": 1}
