"""Editions on disk: by name from a folder, or by file."""

import shutil
from pathlib import Path

import pytest

from shared.kafka.settings import BadSettings, load
from shared.policy.files import POLICIES, check_edition, edition_names, load_edition, load_library
from shared.policy.mistakes import NoSuchEdition, PolicyError
from shared.policy.settings import PolicySettings
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


# --- a folder of one's own, beside the shipped editions ---------------------------------------------------------------


def own(folder: Path, name: str, extends: str, more: str = "") -> Path:
    """An edition in a folder of one's own."""
    path = folder / f"{name}.yaml"
    path.write_text(f"edition: {name}\nextends: {extends}\n{more}")
    return path


def test_the_shipped_editions_are_beside_a_folder_of_ones_own(tmp_path: Path) -> None:
    """Whoever has own editions need not copy the shipped ones to extend them, or to compare with them."""
    own(tmp_path, "ours", "guidelines-2021")
    own(tmp_path, "later", "ours", 'effective_from: "2027-01-01T00:00:00Z"\n')
    assert edition_names(tmp_path) == ("later", "ours")
    assert load_edition("later", tmp_path).targets == load_edition("guidelines-2021").targets
    assert load_edition("demo", tmp_path) == load_edition("demo")
    library = load_library(["guidelines-2021", "later"], tmp_path)
    assert [each.edition for each in library.editions] == ["guidelines-2021", "later"]


def test_a_name_in_both_is_the_one_of_the_own_folder(tmp_path: Path) -> None:
    """What somebody wrote is what they mean; `policy check` warns of it."""
    own(tmp_path, "demo", "guidelines-2021", "targets: []\n")
    own(tmp_path, "ours", "demo")
    assert load_edition("demo", tmp_path).targets == ()
    assert load_edition("ours", tmp_path).targets == ()


def test_a_shipped_edition_is_the_same_whatever_an_own_folder_hides(tmp_path: Path) -> None:
    """Its name and its digest are known; an edition of the same name in an own folder must not change it."""
    own(tmp_path, "guidelines-2021", "objectives-2024", "targets: []\n")
    assert load_edition("objectives-2024", tmp_path) == load_edition("objectives-2024")
    assert load_edition("guidelines-2021", tmp_path).targets == ()


def test_an_own_edition_may_extend_the_shipped_one_that_it_hides(tmp_path: Path) -> None:
    """Its own name can mean nothing else there, since no edition extends itself."""
    own(tmp_path, "demo", "demo", "notes: [ours]\n")
    own(tmp_path, "ours", "demo")
    assert load_edition("demo", tmp_path).targets == load_edition("demo").targets
    assert load_edition("ours", tmp_path).notes == ("ours",)
    own(tmp_path, "alone", "alone")
    with pytest.raises(PolicyError, match="is a cycle"):
        load_edition("alone", tmp_path)


def test_an_unknown_name_gets_the_names_of_both(tmp_path: Path) -> None:
    """And where they were looked for."""
    own(tmp_path, "ours", "guidelines-2021")
    with pytest.raises(NoSuchEdition) as refused:
        load_edition("our", tmp_path)
    (mistake,) = refused.value.mistakes
    assert mistake.message == f"there is no edition 'our' in {tmp_path} or among the shipped editions"
    assert mistake.allowed == "ours, demo, guidelines-2021, objectives-2024 (did you mean ours?)"


def test_an_unknown_base_gets_the_names_of_both(tmp_path: Path) -> None:
    """With the line of `extends`."""
    own(tmp_path, "ours", "guidelines-2012")
    with pytest.raises(PolicyError) as refused:
        load_edition("ours", tmp_path)
    (mistake,) = refused.value.mistakes
    assert (mistake.line, mistake.field) == (2, "extends")
    assert "or among the shipped editions" in mistake.message
    assert mistake.allowed == "ours, demo, guidelines-2021, objectives-2024 (did you mean guidelines-2021?)"


def test_a_base_that_is_a_file_beside_the_edition_is_named_by_its_file(tmp_path: Path) -> None:
    """A name is looked up in folders of editions; the file next door is not one of them."""
    (tmp_path / "small.yaml").write_text(SMALL)
    path = own(tmp_path, "other", "small")
    with pytest.raises(PolicyError, match=r"for the file beside this one write small\.yaml"):
        load_edition(path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """Else a typing error in the folder would mean the shipped editions, without a word."""
    for use in (load_edition, lambda _, folder: edition_names(folder)):
        with pytest.raises(NoSuchEdition, match="is not a folder"):
            use("guidelines-2021", tmp_path / "polices")


def test_the_folder_of_the_shipped_editions_may_be_named(tmp_path: Path) -> None:
    """By whatever path: it hides nothing."""
    link = tmp_path / "link"
    link.symlink_to(POLICIES)
    for folder in (POLICIES, POLICIES / ".." / POLICIES.name, link):
        assert edition_names(folder) == edition_names()
        assert check_edition("demo", folder).warnings == ()


def test_files_that_extend_each_other_are_refused_however_they_are_named(tmp_path: Path) -> None:
    """A path with `..` names the same file."""
    folder = tmp_path / "d"
    folder.mkdir()
    own(folder, "a", "../d/b.yaml")
    own(folder, "b", "../d/a.yaml")
    with pytest.raises(PolicyError, match=r"is a cycle: .*a\.yaml -> .*b\.yaml -> .*a\.yaml"):
        load_edition(folder / "a.yaml")


@pytest.mark.parametrize(("text", "folder"), [("", None), (" ", None), ("rules", Path("rules"))])
def test_the_folder_is_a_setting_and_blank_is_none(
    text: str, folder: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compose passes a variable that nobody has set as an empty one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    monkeypatch.setenv("FRONTLINE_POLICY_DIR", text)
    assert load(PolicySettings).policy_dir == folder


def test_the_configured_editions_are_those_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every service and command reads the same two settings."""
    own(tmp_path, "ours", "guidelines-2021")
    monkeypatch.setenv("FRONTLINE_POLICIES", "ours")
    monkeypatch.setenv("FRONTLINE_POLICY_DIR", str(tmp_path))
    assert [each.edition for each in load(PolicySettings).editions().editions] == ["ours"]


def test_a_folder_that_does_not_exist_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start of a service, with the variable's name."""
    monkeypatch.setenv("FRONTLINE_POLICY_DIR", "/nowhere")
    with pytest.raises(BadSettings, match="FRONTLINE_POLICY_DIR='/nowhere': is not a folder"):
        load(PolicySettings)


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
