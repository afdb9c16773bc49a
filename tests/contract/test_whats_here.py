"""docs/whats-here.md says of every file what it is, and of nothing else."""

from pathlib import Path

import pytest

from tests.contract.whats_here import ENTRY, PAGE, brought_up_to_date, entries, missing_and_stale, tracked_files

RUN = "run: python -m tests.contract.whats_here"


def test_every_file_is_listed_and_every_entry_is_a_file() -> None:
    """A newcomer who looks for a thing finds the file; one who reads the page finds what it names."""
    missing, stale = missing_and_stale(PAGE.read_text(encoding="utf-8"), tracked_files())
    assert not missing, f"not listed: {', '.join(missing)}; {RUN}"
    assert not stale, f"gone: {', '.join(stale)}; {RUN}"


def test_an_entry_is_one_sentence_about_one_path() -> None:
    """Short enough to be read from top to bottom."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]
    for line in lines:
        entry = ENTRY.match(line)
        assert entry, line
        assert entry["sentence"].endswith((".", "!")), line
    assert len(entries("\n".join(lines))) == len(lines), "a path is listed twice"


@pytest.mark.parametrize(
    ("page", "missing", "stale"),
    [
        ("- `a.py` — A.\n- `b/c.yaml` — C.\n", [], []),
        ("- `a.py` — A.\n- `b/*.yaml` — All of a kind.\n", [], []),
        ("- `a.py` — A.\n", ["b/c.yaml"], []),
        ("- `a.py` — A.\n- `b/c.yaml` — C.\n- `gone.py` — Was here.\n", [], ["gone.py"]),
        ("- `a.py` — A.\n- `b/c.yaml` — C.\n- `x/*.yaml` — None of a kind.\n", [], ["x/*.yaml"]),
        ("nothing", ["a.py", "b/c.yaml"], []),
    ],
)
def test_what_is_missing_and_what_is_stale_is_found(page: str, missing: list[str], stale: list[str]) -> None:
    """The check itself works both ways, for paths and patterns."""
    assert missing_and_stale(page, ["a.py", "b/c.yaml"]) == (missing, stale)


def test_bringing_up_to_date_keeps_what_people_wrote() -> None:
    """Only new files get the sentence that their docstring gives."""
    page = brought_up_to_date(
        "- `Makefile` — As I say.\n- `gone.py` — Was here.\n", ["Makefile", "shared/wall_clock.py"]
    )
    assert entries(page)["Makefile"] == "As I say."
    assert entries(page)["shared/wall_clock.py"] == "The one place that reads the system clock."
    assert "gone.py" not in page
    assert brought_up_to_date(page, ["Makefile", "shared/wall_clock.py"]) == page


def test_without_git_the_tree_is_walked(tmp_path: Path) -> None:
    """A source archive can be tested as well."""
    for name in ("a.py", "b/c.yaml", ".venv/x.py", "__pycache__/a.pyc", "b/.mypy_cache/y", "x.egg-info/z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert tracked_files(tmp_path) == ["a.py", "b/c.yaml"]
