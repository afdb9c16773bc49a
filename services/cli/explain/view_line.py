"""[pure] A line of a text for people."""

from typing import NamedTuple


class Line(NamedTuple):
    """A text and how it is to look."""

    text: str
    style: str = ""
