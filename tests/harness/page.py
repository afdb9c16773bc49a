"""The blocks of code on a page of docs/."""

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language and its text, the last line break included."""

    language: str
    text: str


def blocks(page: str, language: str | None = None) -> list[Block]:
    """The blocks of `page` in their order: all, or those in a language."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = [Block(each["language"], each["text"]) for each in _BLOCK.finditer(text)]
    return [block for block in found if language in (None, block.language)]
