"""Which moment a board's file has all of, and what it shows until it has all of a later one."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.board.edition_shelf import EditionShelf
from services.board.freshness import freshness
from services.board.store import cases, complete
from services.board.store.cases import EVERYTHING, Wanted
from services.board.store.complete import AsOf
from services.board.store.schema import connect
from services.board.store.writer import Writer
from shared.business_time.instants import to_micros
from shared.explain.explanation import explanation
from shared.messages.catalogues import messages_in
from tests.harness.board_log import COMPARED, of_board
from tests.harness.demo_day import ENDS, demo_day
from tests.unit.board.test_rows import interleaved

NOW = to_micros(ENDS)
_COLUMNS = [name.strip() for name in COMPARED.split(",")]


def shown(file: Path, editions: EditionShelf) -> dict[str, Any]:
    """What lists and pages show of each case: its row, and the explanation of its log."""
    database, found = connect(file), {}
    for row in cases.page(database, Wanted(), EVERYTHING, "newest", None, 1000).rows:
        case = cases.load(database, row["case_id"], EVERYTHING, editions.published)
        assert case is not None
        told = None
        if case.log.case is not None:
            told = explanation(case.log, case.log.case, case.log.usable_editions(), ENDS, messages_in("en"))
        columns = {name: row[name] for name in _COLUMNS if name != "stored"}  # which says only where to go on
        found[row["case_id"]] = columns, msgspec.json.encode(told)
    database.close()
    return found


def test_until_all_is_read_a_file_shows_the_moment_that_it_has_all_of(tmp_path: Path) -> None:
    """Records come topic by topic, so what is half read is of no moment: an answer may lack that was given in time.

    Also where it is killed in the middle, and again; and once rows are worked out, each is that of before or of now.
    """
    file, editions = tmp_path / "board.sqlite", EditionShelf()
    records = of_board(demo_day())
    half = len(records) // 2
    writer = Writer(connect(file, writes=True), editions)
    writer.take(records[:half], NOW)
    writer.note(AsOf(NOW, NOW))
    before = shown(file, editions)
    batches = list(interleaved(records[half:], random.Random(5)))
    for number, batch in enumerate(batches):
        if number in (0, len(batches) // 2):
            writer = Writer(connect(file, writes=True), editions)
            assert writer.hold() == AsOf(NOW, NOW)
        writer.hold()
        writer.take(batch, NOW)
        if number in (len(batches) // 3, len(batches) - 1):
            assert shown(file, editions) == before
    writer.work_out(NOW, 50)
    partly = shown(file, editions)
    writer.catch_up(AsOf(NOW + 1, NOW + 1), NOW)
    after = shown(file, editions)
    assert before.keys() < after.keys()
    assert {name for name in partly if partly[name] not in (before.get(name), after[name])} == set()
    assert complete.moment(connect(file)) == AsOf(NOW + 1, NOW + 1)


def test_a_file_that_was_never_complete_says_so(tmp_path: Path) -> None:
    """It may lack any case, and nobody knows which: nothing of it is shown, also after a restart in the middle."""
    file = tmp_path / "board.sqlite"
    writer = Writer(connect(file, writes=True), EditionShelf())
    assert writer.hold() is None
    writer.take(of_board(demo_day())[:100], NOW)
    assert Writer(connect(file, writes=True), EditionShelf()).hold() is None


@pytest.mark.parametrize("seed", range(6))
def test_a_file_that_says_that_it_has_all_of_a_moment_has_no_row_that_waits(tmp_path: Path, seed: int) -> None:
    """Whatever comes between: a batch that was given out before the board had caught up is taken after it.

    A row that waits without that being known stays as it is until the next record of its case, perhaps for ever.
    """
    file, chance = tmp_path / "board.sqlite", random.Random(seed)
    writer, moments = Writer(connect(file, writes=True), EditionShelf()), iter(range(10**6))
    writer.hold()
    for batch in interleaved(of_board(demo_day())[:600], chance):
        if chance.random() < 0.2:
            writer.hold()
        writer.take(batch, NOW)
        if chance.random() < 0.3:
            writer.note(AsOf(NOW, next(moments)))
        elif chance.random() < 0.3:
            writer.catch_up(AsOf(NOW, next(moments)), NOW)
        board = connect(file)
        waits = board.execute("SELECT 1 FROM dirty").fetchone() is not None
        assert writer.holds or not waits
        kept = board.execute("SELECT 1 FROM meta WHERE name = 'as_of_ends'").fetchone() is not None
        assert kept or not waits or complete.moment(board) is None
        board.close()


@pytest.mark.parametrize(
    ("age", "left", "said"),
    [
        (0.4, ("offsets", 0), None),
        (1.5, ("offsets", 7), (False, None)),
        (6.0, ("offsets", 7), (True, ("offsets", 7))),
        (6.0, ("cases", 2), (True, ("cases", 2))),
        (6.0, ("offsets", 0), (True, None)),
        (6.0, None, (True, None)),
    ],
)
def test_a_page_says_how_old_it_is_and_what_it_waits_for(age: float, left: Any, said: Any) -> None:
    """From a second on it says as of when it is; from five on also what is left, or that nothing can be read."""
    found = freshness(ENDS, age, left).said
    assert (None if found is None else (found.is_stale, found.left)) == said
