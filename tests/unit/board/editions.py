"""Every edition that ships, and every one of policies/vendors/, each loaded once in a process."""

from functools import cache
from pathlib import Path

from shared.policy.files import POLICIES, edition_names, load_edition
from shared.policy.model import Edition

VENDORS = POLICIES / "vendors"
SHIPPED = edition_names()
ALL = (*SHIPPED, *edition_names(VENDORS))
OTHER_WORDS = str(Path(__file__).parents[1] / "cli" / "data" / "loja.yaml")  # in Portuguese, with words of its own


@cache
def edition(name: str) -> Edition:
    """The edition with that name, or in that file."""
    return load_edition(name, None if name in SHIPPED or "/" in name else VENDORS)
