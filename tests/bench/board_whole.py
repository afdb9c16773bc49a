"""Says whether the board's file has every case and record of a load, each once."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from services.board.store.stored_record import TOPICS
from tests.bench.board_records import Copies, id_of

_NAMED = 10  # cases of which it is said what is wrong


def missing_or_doubled(
    board: sqlite3.Connection, cases: int, copies: Copies, replies: Mapping[int, int]
) -> Iterator[str]:
    """What differs from so many cases with so many replies each, in words. Every case and every record is counted."""
    numbers = {id_of(number): number for number in range(cases)}
    (found,) = board.execute("SELECT count(*) FROM cases").fetchone()
    if found != cases:
        yield f"{found:,} cases, not {cases:,}"
    (dirty,) = board.execute("SELECT count(*) FROM dirty").fetchone()
    if dirty:
        yield f"cases that are not worked out: {dirty:,}"
    has: dict[int, Counter[str]] = defaultdict(Counter)
    for case_id, topic, count in board.execute(
        "SELECT case_id, topic, count(*) FROM records JOIN cases USING (case_no) GROUP BY case_no, topic"
    ):
        if case_id not in numbers:
            yield f"{case_id} is a case that nobody wrote"
        else:
            has[numbers[case_id]][TOPICS[topic].name] = count
    wrong = [number for number in range(cases) if has[number] != copies.topics(number, replies.get(number, 0))]
    for number in wrong[:_NAMED]:
        written = copies.topics(number, replies.get(number, 0))
        yield f"{id_of(number)} has {dict(has[number])} records, not {dict(written)}"
    if wrong[_NAMED:]:
        yield f"{len(wrong) - _NAMED:,} more cases have other records than were written"
