"""Editions on disk: by name from a folder, or by file."""

import shutil
from pathlib import Path

import pytest

from shared.policy.files import POLICIES, edition_names, load_edition
from shared.policy.mistakes import NoSuchEdition, PolicyError
from tests.unit.policy.small_edition import SMALL, changed


def test_the_editions_that_ship_are_found_and_parts_are_not_editions() -> None:
    """`frontline policy check` checks them all."""
    assert edition_names() == ("demo", "guidelines-2021", "objectives-2024")


def test_a_name_is_looked_up_in_the_folder(tmp_path: Path) -> None:
    """Operators keep editions of their own beside or instead of ours."""
    (tmp_path / "small.yaml").write_text(SMALL)
    assert edition_names(tmp_path) == ("small",)
    assert load_edition("small", tmp_path).edition == "small"


def test_a_file_may_be_anywhere_and_extend_an_edition_of_the_folder(tmp_path: Path) -> None:
    """As tests and demonstrations do: the rules that ship, with targets of seconds."""
    path = tmp_path / "quick.yaml"
    path.write_text("edition: quick\nextends: demo\n")
    assert load_edition(path).targets == load_edition("demo").targets
    assert load_edition(str(path)).edition == "quick"


def test_a_base_may_be_a_file_beside_the_edition(tmp_path: Path) -> None:
    """A file that is moved with its base still finds it."""
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "other.yaml").write_text("edition: other\nextends: ./small.yaml\n")
    assert load_edition(tmp_path / "other.yaml").targets == load_edition(tmp_path / "small.yaml").targets


def test_the_name_of_an_edition_is_the_name_of_its_file(tmp_path: Path) -> None:
    """Else `--policy old` could quietly be the new one."""
    (tmp_path / "old.yaml").write_text(SMALL)
    with pytest.raises(PolicyError, match="edition: must be 'old', since that is the name of the file") as refused:
        load_edition("old", tmp_path)
    assert refused.value.mistakes[0].line == 1


def test_an_unknown_name_gets_the_known_ones() -> None:
    """And the closest name."""
    with pytest.raises(NoSuchEdition) as refused:
        load_edition("guidelines-2012")
    (mistake,) = refused.value.mistakes
    assert "there is no edition 'guidelines-2012'" in mistake.message
    assert mistake.allowed == "demo, guidelines-2021, objectives-2024 (did you mean guidelines-2021?)"


@pytest.mark.parametrize("make", ["nothing", "folder", "latin-1"])
def test_what_cannot_be_read_is_one_plain_sentence(make: str, tmp_path: Path) -> None:
    """Not a traceback."""
    path = tmp_path / "x.yaml"
    if make == "folder":
        path.mkdir()
    if make == "latin-1":
        path.write_bytes(SMALL.encode("latin-1", errors="replace"))
    with pytest.raises(NoSuchEdition, match=r"cannot be read|is not UTF-8 text"):
        load_edition(path)


def test_a_mistake_in_a_copy_of_the_shipped_policy_has_the_copys_place(tmp_path: Path) -> None:
    """The way that operators start: copy the folder, change something, check."""
    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    calendars = folder / "calendars.yaml"
    text = changed("timezone: Europe/Madrid", "timezone: Europe/Madird", calendars.read_text(encoding="utf-8"))
    calendars.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        load_edition("guidelines-2021", folder)
    (mistake,) = refused.value.mistakes
    line = text[: text.index("Madird")].count("\n") + 1
    assert (mistake.file, mistake.line, mistake.field) == (str(calendars), line, "calendars.spain.timezone")
