"""`python -m tests.contract.backtest_page`: writes the output of the commands in docs/backtest.md again.

A comment `<!-- frontline … -->` names a command, and the block of text after it is what the command prints.
"""

import contextlib
import io
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.cli.__main__ import app
from tests.contract.tree import ROOT
from tests.harness import demo_day

PAGE = ROOT / "docs" / "backtest.md"
LOG = "day.jsonl"  # as the page names the demo day
_BLOCK = re.compile(r"(<!-- frontline (?P<command>.+?) -->\n```text\n)(?P<output>.*?)(```\n)", re.DOTALL)


@contextmanager
def recorded_day() -> Iterator[Path]:
    """The file of the demo day."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / LOG
        demo_day.main([str(file)])
        yield file


def commands(page: str) -> list[str]:
    """The commands whose output the page shows."""
    return [found["command"] for found in _BLOCK.finditer(page)]


def with_output(page: str, log: Path) -> str:
    """The page, with what its commands print now."""
    return _BLOCK.sub(lambda found: found[1] + _output(found["command"], log) + found[4], page)


def _output(command: str, log: Path) -> str:
    arguments = [str(log) if word == LOG else word for word in shlex.split(command)]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        app([*arguments, "--lang", "en"])
    return printed.getvalue()


def main() -> int:
    """Write the page."""
    with recorded_day() as log:
        PAGE.write_text(with_output(PAGE.read_text(encoding="utf-8"), log), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
