"""A dead letter restores its record exactly, whatever headers the record had."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.topics import TOPICS, dead_letter
from shared.contracts.vocabulary import DEAD_LETTER_CAUSES, WITHHELD_CAUSES, DeadLetterCause
from shared.kafka.dead_letters import DeadLetter, NotADeadLetter, parse, to_output, topic_of
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.streams.task_state import TaskState

names = st.text(max_size=12) | st.sampled_from(["dlt-cause", "dlt-at", "dlt-body"])
headers = st.lists(st.tuples(names, st.binary(max_size=20)), max_size=12).map(tuple)
records = st.builds(
    Record, topic=st.text(min_size=1, max_size=20), partition=st.integers(0, 99), offset=st.integers(0, 2**63 - 1),
    timestamp_ms=st.just(-1), key=st.none() | st.binary(max_size=20), value=st.none() | st.binary(max_size=50),
    headers=headers,
)  # fmt: skip
instants = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
dead_letters_ = st.builds(
    DeadLetter, cause=st.text(max_size=20), message=st.text(max_size=200), service=st.text(max_size=20), at=instants,
    record=records, by_reference=st.just(False), unfired_from=st.none() | instants,
)  # fmt: skip


@given(dead_letters_)
def test_a_dead_letter_is_read_as_it_was_written(dead_letter: DeadLetter) -> None:
    """Byte for byte, even if the record has `dlt-*` headers of its own: it may itself be a dead letter."""
    output = to_output(dead_letter)
    assert output.topic == topic_of(dead_letter.record.topic)
    assert output.partition == dead_letter.record.partition
    assert (output.key, output.value) == (dead_letter.record.key, dead_letter.record.value)
    assert output.headers[: len(dead_letter.record.headers)] == dead_letter.record.headers
    assert parse(output.key, output.value, output.headers) == dead_letter


@given(dead_letters_)
def test_a_dead_letter_of_a_dead_letter_restores_both(dead_letter: DeadLetter) -> None:
    """Nesting shows that reading starts from the end."""
    inner = to_output(dead_letter)
    outer = DeadLetter(
        "again", "", "s", dead_letter.at, Record(inner.topic, 0, 0, -1, inner.key, inner.value, inner.headers)
    )
    once = to_output(outer)
    assert parse(once.key, once.value, once.headers).record.headers == inner.headers


@given(dead_letters_)
def test_a_dead_letter_by_reference_keeps_the_offset_and_not_the_content(dead_letter: DeadLetter) -> None:
    """For a record that does not fit with its cause."""
    by_reference = DeadLetter(
        dead_letter.cause, dead_letter.message, dead_letter.service, dead_letter.at, dead_letter.record, True
    )
    output = to_output(by_reference)
    assert output.value is None
    read = parse(output.key, output.value, output.headers)
    assert read.by_reference
    assert (read.record.topic, read.record.partition, read.record.offset, read.record.headers) == (
        dead_letter.record.topic, dead_letter.record.partition, dead_letter.record.offset, (),
    )  # fmt: skip


def test_a_dead_letter_by_reference_drops_a_key_that_is_too_long() -> None:
    """A dead letter by reference always fits."""
    record = Record("t", 0, 0, -1, b"k" * 100_000, b"v")
    output = to_output(DeadLetter("c", "m", "s", datetime(2026, 1, 1, tzinfo=UTC), record, True))
    assert (output.key, output.value) == (None, None)


def test_the_instant_is_utc_and_the_message_bounded() -> None:
    """Headers are read by people too, and have to fit."""
    at = datetime(2026, 1, 1, 1, tzinfo=UTC) + timedelta(microseconds=5)
    output = to_output(DeadLetter("c", "x" * 9_999, "s", at, Record("t", 0, 0, -1, b"k", b"v")))
    written = dict(output.headers)
    assert written["dlt-at"] == b"2026-01-01T01:00:00.000005Z"
    assert len(written["dlt-message"]) == 2_000


@pytest.mark.parametrize("value", [b"\xff", None], ids=["no text", "no value"])
@pytest.mark.parametrize("broken", ["dlt-partition", "dlt-offset", "dlt-at", "dlt-cause"])
def test_a_record_without_complete_headers_is_not_a_dead_letter(broken: str, value: Any) -> None:
    """Somebody else may write to the topic."""
    output = to_output(DeadLetter("c", "m", "s", datetime(2026, 1, 1, tzinfo=UTC), Record("t", 0, 0, -1, None, None)))
    damaged = tuple((name, value if name == broken else written) for name, written in output.headers)
    with pytest.raises(NotADeadLetter):
        parse(None, None, damaged)
    with pytest.raises(NotADeadLetter, match="the last headers are"):
        parse(None, None, output.headers[:-1])


def test_the_operators_page_explains_every_cause_and_no_other() -> None:
    """Whoever finds a cause in a dead letter looks it up there."""
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.split("| cause | meaning |")[1].split("\n\n")[0]
    explained = [cause for line in table.splitlines()[2:] for cause in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert explained == list(DEAD_LETTER_CAUSES)


def test_whoever_raises_or_withholds_names_one_of_the_causes() -> None:
    """So that mypy finds a misspelt cause; one that is read may have been written by another version."""
    assert get_type_hints(PoisonRecord.__init__)["cause"] == DeadLetterCause
    assert get_type_hints(TaskState.refuse)["cause"] == DeadLetterCause
    assert set(WITHHELD_CAUSES) < set(DEAD_LETTER_CAUSES)


def test_a_dead_letter_goes_to_the_topic_that_exists_for_it() -> None:
    """Topics are made by one module, and written to by another."""
    for topic in TOPICS:
        assert topic_of(topic.name) == dead_letter(topic).name
