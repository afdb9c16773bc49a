"""Every metric that the code exports is in the tables of docs/operations.md, and every metric there is exported."""

import ast
import re
from pathlib import Path

import pytest

from tests.contract.tree import ROOT

PAGE = ROOT / "docs" / "operations.md"
KINDS = ("Counter", "Gauge", "Histogram", "Summary")


def exported(root: Path = ROOT) -> set[str]:
    """The names of the metrics that the code of the services and of what they share defines."""
    files = [file for folder in ("services", "shared") for file in (root / folder).rglob("*.py")]
    calls = (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    return {name for node in calls if isinstance(node, ast.Call) and (name := _name_of(node)) is not None}


def documented(page: str) -> set[str]:
    """The names of the metrics in the first column of the tables under the heading Metrics."""
    section = page.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(frontline_\w+)`", row)}


def _name_of(call: ast.Call) -> str | None:
    """The name of the metric that a call makes; None if it makes none."""
    made = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    first = call.args[0] if call.args else None
    if made not in KINDS or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return None
    return first.value


def test_every_metric_is_on_the_page_and_the_page_has_no_other() -> None:
    """An operator who builds a dashboard reads the page, and an alarm on a metric that is not there never rings."""
    page, code = documented(PAGE.read_text(encoding="utf-8")), exported()
    assert len(code) > 30, "a name that is not written out at its definition is not found"
    assert (sorted(code - page), sorted(page - code)) == ([], []), "(missing on the page, missing in the code)"


@pytest.mark.parametrize("made", ['Gauge("frontline_novelty", "New")', 'metrics.Gauge("frontline_novelty", "New", [])'])
def test_a_metric_is_found_however_it_is_made(tmp_path: Path, made: str) -> None:
    """Else the test above is content with what it does not see."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "new.py").write_text(f"NEW = {made}\nseen = Counter(words)\n")
    assert exported(tmp_path) == {"frontline_novelty"}
    assert documented(
        "\n## Metrics\n| `frontline_a`, `frontline_b` | what `frontline_c` |\n## Limits\n| `frontline_d` |"
    ) == {
        "frontline_a",
        "frontline_b",
    }
