"""A table as CSV is read back as it was, and no text in it is executed by a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.board.csv_text import Cell, line, lines

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


def read(text: str) -> list[list[str]]:
    """By the reader of Python's library."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=5))
def test_whatever_is_in_a_cell_comes_back(rows: list[list[str]]) -> None:
    """Commas, quotes, line breaks, any script; at most with an apostrophe in front."""
    found = read(lines(("a", "b"), rows))
    assert found[0] == ["a", "b"]
    assert [[cell.removeprefix("'") for cell in row] for row in found[1:]] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]


@given(st.sampled_from("=+-@＝＋－＠\t\r\n"), st.sampled_from(("", " ", "  ", "\u00a0")), TEXTS)
def test_no_text_is_a_formula(begin: str, before: str, text: str) -> None:
    """`=HYPERLINK(…)` as the subject of a request would run in the spreadsheet of whoever exports it."""
    ((cell, _),) = read(line((before + begin + text, "")))
    assert cell.startswith("'") or not (before + begin).strip()


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ((1, -2, 0.5), "1,-2,0.5\r\n"),
        ((None, "", "a b"), ",,a b\r\n"),
        (("a,b", 'say "no"', "two\nlines"), '"a,b","say ""no""","two\nlines"\r\n'),
        ((True, False), "true,false\r\n"),
        (("=1+1", "-7"), "'=1+1,'-7\r\n"),
    ],
)
def test_a_record_is_written_by_the_rfc(cells: tuple[Cell, ...], text: str) -> None:
    """RFC 4180: CRLF, quotes doubled, quoted only where needed. A negative number is a number,
    and whether something is so is written as in the JSON answer."""
    assert line(cells) == text
