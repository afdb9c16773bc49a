"""A table that the board answers as CSV, read by the reader of Python's library."""

import csv
import io

import httpx


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a table by the names of its columns. Fails if the answer is none, or not by RFC 4180."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))
