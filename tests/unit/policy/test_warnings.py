"""Warnings as a whole: their order and editions without any; and an own edition that hides a shipped one."""

from pathlib import Path

from shared.policy.document import Source
from shared.policy.files import check_edition
from shared.policy.loader import check
from tests.unit.policy.small_edition import FILE, DictShelf, changed, line_of
from tests.unit.policy.warned import BASE, CHILD, LEVELS, checked, in_words, levels, others_than_monotony


def test_an_own_edition_that_hides_a_shipped_one_is_named(tmp_path: Path) -> None:
    """By name or by file, and in each edition that extends it: the same name means two things."""
    (tmp_path / "demo.yaml").write_text("# ours\nedition: demo\nextends: guidelines-2021\n")
    (tmp_path / "ours.yaml").write_text("edition: ours\nextends: demo\n")
    sentence = "edition: is the name of a shipped edition as well: outside the shipped editions, demo means this file"
    expected = [f"{tmp_path / 'demo.yaml'}:2: warning: {sentence}"]
    for name in ("demo", str(tmp_path / "ours.yaml")):
        assert in_words(check_edition(name, tmp_path)) == expected
    assert in_words(check_edition("objectives-2024", tmp_path)) == []
    assert in_words(check_edition(tmp_path / "demo.yaml")) == []  # it hides nothing where names are the shipped ones


def test_a_file_that_is_no_shipped_edition_hides_none(tmp_path: Path) -> None:
    """The parts of the shipped editions are no editions."""
    (tmp_path / "calendars.yaml").write_text("edition: calendars\nextends: demo\n")
    assert in_words(check_edition("calendars", tmp_path)) == []


def test_a_warning_does_not_change_the_edition() -> None:
    """Services load without a look at warnings."""
    text = CHILD + "targets: []\n"
    shelf = DictShelf({"base.yaml": BASE})
    assert checked(text).edition.targets == ()
    assert check(Source(FILE, text), shelf).edition.edition == "child"


def test_warnings_are_in_the_order_of_the_files() -> None:
    """Those of the edition's own file first, from top to bottom."""
    text = CHILD + "targets: []\nregional_hours: {countries: {}}\nphone: {countries: {}}\n"
    base = levels(LEVELS.replace("case_tier}\n", "case_tier, repeat: {every_seconds: 2h, times: 1}}\n"))
    base = changed("edition: small", "edition: base", base)
    text = text.replace("targets: []\n", "")
    assert [(each.file, each.line) for each in others_than_monotony(checked(text, base=base))] == [
        (FILE, 3),
        (FILE, 4),
        ("base.yaml", line_of("every_seconds: 2h", base)),
    ]
