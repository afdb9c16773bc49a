"""How many examples hypothesis tries, and which: in `make test` always the same, in `make properties` many others.

A commit is judged by what it changes, not by what chance finds that day; chance has its own target.
"""

import os

from hypothesis import settings

SETTING = "FRONTLINE_TEST_EXAMPLES"

settings.register_profile("same", derandomize=True)


def examples(share: int) -> int:
    """`share` of them, times what the environment says."""
    return share * int(os.environ.get(SETTING, "1"))


def choose() -> None:
    """Let chance choose where the environment asks for more of them."""
    settings.load_profile("default" if SETTING in os.environ else "same")
