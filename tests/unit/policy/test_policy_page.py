"""Every example of docs/policy.md is loaded, so that nobody copies one that does not work."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.cli.policy import commands as policy
from shared.policy.document import Source, parse
from shared.policy.files import load_edition
from shared.policy.loader import load
from shared.policy.model import Edition
from tests.harness.json_schema import problems
from tests.unit.policy.small_edition import DictShelf
from tests.unit.policy.test_schema import SCHEMA

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")


def chapter(title: str) -> str:
    """The text of one chapter."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(text: str) -> list[str]:
    """The YAML examples in a text."""
    return re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


FILES = dict(re.findall(r"`(\w+\.(?:json|ics))`:\n\n```(?:json|text)\n(.*?)\n```", PAGE, re.DOTALL))
LUMEN = "\n".join(blocks(chapter("Write an edition")))
MORE = blocks(chapter("More that an edition can say"))


def sections(text: str) -> dict[str, Any]:
    """An example as data."""
    return parse(Source("docs/policy.md", text)).data


def lumen(**instead: Any) -> Edition:
    """The edition that the page builds, with some sections in place of its own, beside the files of the page."""
    text = json.dumps(sections(LUMEN) | instead) if instead else LUMEN
    return load(Source("lumen.yaml", text), DictShelf(FILES))


def test_the_edition_that_the_page_builds_has_no_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From an empty file, block by block, as a manager pastes them."""
    file = tmp_path / "lumen.yaml"
    file.write_text(LUMEN, encoding="utf-8")
    assert policy.check(str(file)) == 0
    assert capsys.readouterr().out.startswith("lumen: no mistakes, SHA-256 ")
    assert load_edition(file) == lumen()


@pytest.mark.parametrize("block", [LUMEN, *MORE], ids=lambda block: next(iter(sections(block))))
def test_an_editor_underlines_nothing_of_it(block: str) -> None:
    """The schema knows all that the page shows."""
    data = sections(block)
    assert list(problems(data, SCHEMA, SCHEMA)) == []


@pytest.mark.parametrize("block", MORE, ids=lambda block: ", ".join(sections(block)))
def test_each_further_example_fits_the_edition_of_the_page(block: str) -> None:
    """In place of the same sections."""
    changed = lumen(**sections(block))
    for section in sections(block):
        assert getattr(changed, section)


def test_every_section_has_a_row_and_every_key_of_a_condition() -> None:
    """What is not on the page is not found."""
    listed = set(re.findall(r"`(\w+)`", chapter("The sections of an edition")))
    files_only = {"edition", "effective_from"}
    assert SCHEMA["properties"].keys() - files_only - {"extends", "parts", "replace"} <= listed
    keys = set(re.findall(r"`(\w+)`", chapter("How a decision comes about")))
    assert SCHEMA["$defs"]["Condition"]["properties"].keys() <= keys


def test_the_page_has_what_it_promises() -> None:
    """Gold, silver and bronze, WhatsApp, two shifts, local holidays, three levels."""
    edition = lumen()
    assert list(edition.plans) == ["bronze", "silver", "gold"]
    assert "whatsapp" in edition.channels
    assert all(len(periods) == 2 for periods in edition.calendars["madrid"].hours.values())
    assert {"2026-05-15", "2026-05-02"} <= set(
        edition.calendars["madrid"].dated_holidays
    )  # the city's and the region's
    assert len(edition.escalation_levels) == 3
