"""Where Node is, for tests of what we show in JavaScript. Without it they are skipped, and the end of the run says so.

In CI (`CI` in the environment) they fail instead.
"""

import os
import shutil
import subprocess

import pytest

OLDEST = 20
_ADVICE = f"needs Node {OLDEST} or newer on PATH"


def node(what: str) -> str:
    """The program. `what` is not tested without it."""
    found = shutil.which("node")
    if found is not None and _version(found) >= OLDEST:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"{what} {_ADVICE}, and CI has to run it")
    pytest.skip(f"NOT RUN: {what} {_ADVICE}")


def _version(program: str) -> int:
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(text.strip().removeprefix("v").partition(".")[0])
