"""[pure] Tables as CSV by RFC 4180, in UTF-8, that a spreadsheet shows and never executes.

A spreadsheet takes a cell that begins with = + - or @ for a formula, and such a text may come from a customer. It gets
an apostrophe in front, which spreadsheets do not show (OWASP, "CSV Injection"). Numbers are no texts, and stay.
"""

from collections.abc import Iterable, Sequence

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
Cell = str | bool | int | float | None
# Also in their wide forms, which some spreadsheets read as the same; and what is skipped in front of them.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = ("\t", "\r", "\n")


def line(cells: Sequence[Cell]) -> str:
    """One record, with its line end."""
    return ",".join(map(_written, cells)) + "\r\n"


def lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A whole table. Its names are those of the JSON answer."""
    return line(header) + "".join(map(line, rows))


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()  # as in the JSON answer
    if not isinstance(cell, str):
        return str(cell)
    if cell.startswith(_CONTROL) or cell.lstrip().startswith(_FORMULA):
        cell = "'" + cell
    if any(mark in cell for mark in ',"\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell
