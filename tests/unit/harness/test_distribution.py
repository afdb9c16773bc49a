"""Which tests go to the same worker."""

from pathlib import Path

import pytest

from tests.harness.distribution import TOGETHER, group_of

ROOT = Path(__file__).parents[3]
OF_THE_SYSTEM = ("OpenAs", "OpenDesk", "System", "system:")


@pytest.mark.parametrize("beginning", [each for group in TOGETHER for each in group])
def test_what_is_kept_together_is_there(beginning: str) -> None:
    """A file that was renamed would go where nobody wants it, and nobody would notice."""
    assert (ROOT / beginning).exists()


def test_whatever_needs_the_system_of_the_browser_tests_is_on_one_worker() -> None:
    """A second worker would start a second system."""
    files = sorted((ROOT / "tests/browser").glob("test_*.py"))
    needing = [file for file in files if any(word in file.read_text(encoding="utf-8") for word in OF_THE_SYSTEM)]
    assert len(needing) > 5
    assert {group_of(f"tests/browser/{file.name}::test_something") for file in needing} == {"tests/browser/"}
    others = {group_of(f"tests/browser/{file.name}::test_something") for file in files if file not in needing}
    assert len(others) == 1
    assert group_of("tests/broker/test_forms.py::test_something") is None
