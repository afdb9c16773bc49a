"""What has been judged already, kept in a file, so that a million cases can be gone through in several goes.

The file's first line says what was judged: the product's business time, the judge, and the versions of their data. For
anything else it begins anew. A line for each finished part follows; one that was not written to its end does not count.
"""

import hashlib
import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.oracle.judging import Tally
from tests.oracle.work import Part

ROOT = Path(__file__).parents[2]
_NOT_JUDGING = {
    "__main__.py",
    "progress.py",
    "record.py",
    "work.py",
}  # how cases are gone through does not change what they are


class Record:
    """The parts that are done, of one state of product, judge and data."""

    def __init__(self, path: Path, judging: str) -> None:
        self._path = path
        self.done: dict[Part, Tally] = {}
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        header = json.dumps({"judging": judging})
        self.begins_anew = bool(lines) and lines[0] != header
        kept = [] if self.begins_anew else [line for line in lines[1:] if self._understood(line)]
        path.parent.mkdir(parents=True, exist_ok=True)
        written = path.with_suffix(".new")
        written.write_text("".join(f"{line}\n" for line in (header, *kept)), encoding="utf-8")
        written.replace(path)

    def add(self, part: Part, tally: Tally) -> None:
        """This part is finished."""
        self.done[part] = tally
        line = json.dumps({"part": part, **asdict(tally), "zones": sorted(tally.zones)})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def _understood(self, line: str) -> bool:
        try:
            found: dict[str, Any] = json.loads(line)
        except ValueError:
            return False
        first, seeds, questions = found.pop("part")
        self.done[first, seeds, questions] = Tally(**found | {"zones": set(found["zones"])})
        return True


def judging_now() -> str:
    """Product, judge, and the versions of what they read: what a finished part is true of."""
    digest = hashlib.sha256()
    judge = (path for path in ROOT.glob("tests/oracle/*.py") if path.name not in _NOT_JUDGING)
    for path in sorted((*ROOT.glob("shared/business_time/*.py"), *judge)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    data = " ".join(f"{name} {version(name)}" for name in ("tzdata", "holidays", "python-dateutil"))
    return f"business time and judge {digest.hexdigest()[:12]}, {data}, Python {platform.python_version()}"
