"""The topics that ship, loaded once for all tests of a process."""

from functools import cache

from shared.help_topics.files import load_topics
from shared.help_topics.topics import Topics


@cache
def shipped_topics() -> Topics:
    """Nobody changes them."""
    return Topics(load_topics())
