"""Every module says what it is in one sentence, and the map of the folders is about the folders that there are."""

import re
from pathlib import Path

import pytest

from tests.contract.tree import ROOT, chosen_files, first_sentence, listing, tracked_files

MAP = ROOT / "docs" / "whats-here.md"
MODULES = [name for name in tracked_files() if name.endswith(".py") and not name.endswith("__init__.py")]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is_in_its_first_sentence(name: str) -> None:
    """`make tree` and whoever opens the file start there."""
    sentence = first_sentence(ROOT / name)
    assert sentence, f"{name} has no docstring"
    assert len(sentence) <= 200, f"{name}: {sentence}"


def test_the_map_names_every_folder_of_the_product_and_no_other() -> None:
    """A newcomer finds the folder; a folder that has no place on the map has no reason to be there."""
    named = {
        name.rstrip("/")
        for name in re.findall(r"`((?:services|shared|tests|examples)/[\w/]+/|testkit/)`", MAP.read_text())
    }
    packages = {str(Path(name).parent) for name in MODULES if name.startswith(("services/", "shared/"))} - {"shared"}
    tests = {"/".join(Path(name).parts[:2]) for name in MODULES if name.startswith("tests/") and name.count("/") > 1}
    projects = {re.match(r"testkit|examples/\w+", name) for name in MODULES}  # each with a pyproject.toml of its own
    assert packages | tests | {project[0] for project in projects if project} == named


def test_the_map_is_short_enough_to_be_read() -> None:
    """The full list is a command away."""
    assert len(MAP.read_text().splitlines()) <= 110


def test_every_file_that_the_map_names_exists() -> None:
    """A map that leads nowhere is worse than none."""
    section = ""
    for line in MAP.read_text().splitlines():
        if found := re.match(r"(?:### |- )`([\w./]+/)`", line):
            section = found[1]
        for name in re.findall(r"`([\w./-]+\.(?:py|yaml|md))`", line):
            places = (ROOT, ROOT / section, ROOT / section / "src" / "frontline_testkit")
            assert any((place / name).exists() for place in places), f"{section}: {name}"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.py", '"""One. Two."""\n', "One."),
        ("a.py", '"""[pure] One that\ngoes on\n\nand more."""\n', "One that goes on."),
        ("a.py", "x = 1\n", ""),
        ("a.yaml", "#!/x\n# First line\n# and second.\nkey: 1\n# later\n", "First line and second."),
        ("a.md", "# A heading\n\ntext\n", "A heading."),
    ],
)
def test_the_first_sentence_of_a_file(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    """Whatever the kind of file."""
    (tmp_path / name).write_text(text)
    assert first_sentence(tmp_path / name) == sentence


def test_the_list_is_by_folder() -> None:
    """As a tree is read."""
    lines = listing(["Makefile", "shared/wall_clock.py"]).splitlines()
    assert lines[0] == "."
    assert lines[1].split()[0] == "Makefile"
    assert lines[3] == "shared/"
    assert lines[4].split()[0] == "wall_clock.py"


def test_without_git_the_tree_is_walked(tmp_path: Path) -> None:
    """A source archive can be tested as well."""
    for name in ("a.py", "b/c.yaml", ".venv/x.py", "__pycache__/a.pyc", "b/.mypy_cache/y", "x.egg-info/z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert tracked_files(tmp_path) == ["a.py", "b/c.yaml"]


@pytest.mark.parametrize(
    ("places", "names"),
    [
        ([], ["a/b.py", "a/b_c.py", "d.md"]),
        (["./a/"], ["a/b.py", "a/b_c.py"]),
        (["a/b"], []),
        (["a/b.py", "d.md"], ["a/b.py", "d.md"]),
        (["nope"], []),
    ],
)
def test_the_list_is_of_whole_folders(places: list[str], names: list[str]) -> None:
    """`services/cli/demo` is not the beginning of `services/cli/demo_accounts.py`."""
    assert chosen_files(["a/__init__.py", "a/b.py", "a/b_c.py", "d.md"], places) == names
