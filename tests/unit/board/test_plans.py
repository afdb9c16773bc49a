"""How SQLite answers the lists: along an index in their order that has what they filter by; no row is read in vain."""

from pathlib import Path
from typing import Any, get_args

import pytest

from services.board.edition_shelf import EditionShelf
from services.board.store import cases
from services.board.store.cases import EVERYTHING, FEW, Sort, Visible, Wanted, WrongCursor
from services.board.store.schema import connect
from services.board.store.writer import Writer
from shared.business_time.instants import to_micros
from tests.harness.board_log import of_board
from tests.harness.demo_day import ENDS, demo_day

_WORDS = ("status", "plan", "priority", "channel", "tier", "milestone", "asked", "assigned_to")
_EVERY_WORD: dict[str, Any] = dict.fromkeys(_WORDS, "x")
_EVERY_FLAG: dict[str, Any] = dict.fromkeys(cases._FLAGS, True)
ASKED: dict[str, Wanted] = {
    "all": Wanted(),
    "open": Wanted(state=["open"]),
    "two states": Wanted(state=["open", "waiting"]),
    "priority and plan": Wanted(state=["open"], priority="P1", plan="premier_plus"),
    "all at once": Wanted(state=["open"], **_EVERY_WORD, **_EVERY_FLAG),
    "a rare word": Wanted(text="calendar 399"),
    "a frequent word": Wanted(text="demo"),
}
_BY_RECEIPT = "cases_by_receipt"
INDEX = {"time_left": "cases_by_time_left", "newest": _BY_RECEIPT, "oldest": _BY_RECEIPT, "changed": "cases_by_change"}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The day of the demo."""
    file: Path = tmp_path_factory.mktemp("plans") / "board"
    Writer(connect(file, writes=True), EditionShelf()).take(of_board(demo_day()), to_micros(ENDS))
    return connect(file)


def plans(board: Any, call: Any, *given: Any) -> list[str]:
    """The steps of the plan of every statement that a call runs on `cases`."""
    said: list[str] = []
    board.set_trace_callback(said.append)
    call(board, *given)
    board.set_trace_callback(None)
    statements = [each for each in said if not each.startswith("--") and "cases" in each]
    assert statements
    return [row["detail"] for each in statements for row in board.execute(f"EXPLAIN QUERY PLAN {each}")]


@pytest.mark.parametrize("sort", get_args(Sort))
@pytest.mark.parametrize("asked", [name for name in ASKED if name != "a rare word"])
def test_a_list_walks_an_index_in_its_order(board: Any, asked: str, sort: Sort) -> None:
    """Whatever it filters by, nothing is sorted and no table is scanned; also where a word is in most cases."""
    steps = plans(board, cases.page, ASKED[asked], EVERYTHING, sort, None, 50)
    assert not any("TEMP B-TREE" in step for step in steps)
    assert any(INDEX[sort] in step for step in steps)


def test_the_lists_have_what_they_filter_by_in_their_index(board: Any) -> None:
    """Else every row that is left out would be read: 100 ms instead of 10 for a rare combination."""
    filtered = {*cases._EQUAL, *cases._FLAGS, "state", "assigned_to", "case_no"}
    for index in set(INDEX.values()):
        assert filtered <= {row["name"] for row in board.execute(f"PRAGMA index_info({index})")}


def test_a_few_found_cases_are_looked_up_one_by_one(board: Any) -> None:
    """To walk a list of 200,000 for a word that two cases have takes longer than to sort the two."""
    assert 0 < len(cases.page(board, ASKED["a rare word"], EVERYTHING, "time_left", None, 50).rows) <= FEW
    steps = plans(board, cases.page, ASKED["a rare word"], EVERYTHING, "time_left", None, 50)
    assert any("INTEGER PRIMARY KEY" in step for step in steps)


def test_sums_read_the_index_alone(board: Any) -> None:
    """They are shown on every page of a list. What is late and due soon is counted by its piece of the index."""
    for wanted in (Wanted(), ASKED["priority and plan"]):
        steps = [step for step in plans(board, cases.sums, wanted, EVERYTHING, 0, 1) if "cases" in step]
        assert len(steps) == 3
        assert all("COVERING INDEX cases_by_time_left (order_at" in step for step in steps)
        assert any("(order_at>? AND order_at<?)" in step for step in steps)


def test_a_stream_reads_what_has_changed_and_nothing_else(board: Any) -> None:
    """It asks at each change of any case."""
    for wanted in (Wanted(), Wanted(state=["open"], priority="P1")):
        steps = plans(board, cases.changed_since, 1, wanted, EVERYTHING, 50)
        assert any("cases_by_change (change>?" in step for step in steps)
        assert not any("TEMP B-TREE" in step for step in steps)


@pytest.mark.parametrize("visible", [Visible(account_id="acme"), Visible(client="web")])
def test_what_a_customer_sees_is_found_by_their_account(board: Any, visible: Visible) -> None:
    """An account has few of all cases."""
    steps = plans(board, cases.page, Wanted(), visible, "time_left", None, 50)
    assert any("cases_of_account" in step or "cases_of_client" in step for step in steps)


def test_what_people_type_into_the_search_is_never_an_error(board: Any) -> None:
    """Operators of FTS5, quotes, nothing but signs, a NUL, one letter."""
    for text in ('"', "a OR", "NEAR(", "-x", "*", "^calendar", "col:x", "(", "\0", "a\0b", "'", "…", " ", "c", "ca"):
        cases.page(board, Wanted(text=text), EVERYTHING, "newest", None, 5)
    whole = cases.page(board, Wanted(text="CALENDAR"), EVERYTHING, "newest", None, 500).rows
    begun = cases.page(board, Wanted(text="calen"), EVERYTHING, "newest", None, 500).rows
    assert whole == begun != []


@pytest.mark.parametrize("cursor", ["x", "time_left:1:2", "dGltZV9sZWZ0OjE6Mg", f"{10**30}"])
def test_a_cursor_that_is_none_is_refused(board: Any, cursor: str) -> None:
    """As one of another order, or with a number that SQLite does not have."""
    huge = cases._cursor("newest", 1 << 70, 1)
    for each in (cursor, huge):
        with pytest.raises(WrongCursor):
            cases.page(board, Wanted(), EVERYTHING, "newest", each, 5)
