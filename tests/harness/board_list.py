"""The board's list of cases as a browser without scripts has it."""

import re
from html import unescape


def next_page(page: str) -> str:
    """The address of the page after this one; empty = it is the last."""
    found = re.search(r'<a href="([^"]*)" rel="next">', page)
    return "" if found is None else unescape(found[1])
