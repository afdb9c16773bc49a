"""The table of milestones in docs/clocks.md is that of each edition that ships."""

import re
from pathlib import Path

import pytest

from shared.policy.files import edition_names
from shared.policy.milestones import MilestoneRow
from tests.harness.shipped import shipped_edition

PAGE = (Path(__file__).parents[3] / "docs" / "clocks.md").read_text(encoding="utf-8")
CHAPTER = PAGE.split("\n## What starts, stops and pauses\n")[1].split("\n## ")[0]
HEAD = ["milestone", "starts", "is fulfilled by", "is paused by"]

# The sentences of the page. A row of another kind needs a sentence of its own, there and here.
STARTS = {
    ("submitted", "case"): "with the submission",
    ("submitted", "last_public_update"): "with the submission",
    ("customer_replied", "first_unanswered"): "with the first unanswered message of the customer; the submission does "
    "not count, and a second message does not move it",
}
STARTS_AGAIN = {"never": "", "at_fulfilment": ", then with each public reply", "at_next_start": ""}
FULFILLED = {"agent_replied": "an agent's public reply", "restored": "`restored`", "resolved": "`resolved`"}
AGAIN = {
    "never": "",
    "at_fulfilment": ", which starts the next instance",
    "at_next_start": "; the next message starts a new instance",
}


def expected(milestone: str, row: MilestoneRow) -> list[str]:
    """The line of the page about a row."""
    starts = STARTS[row.starts, row.counts_from] + STARTS_AGAIN[row.again]
    if row.again == "never" and row.reopened == "never":
        starts += ", only once"
    if row.opened_by == ("customer",):
        starts += "; not if an agent opened the case"
    fulfilled = " or ".join(FULFILLED[kind] for kind in row.fulfilled_by) + AGAIN[row.again]
    return [milestone, starts, fulfilled, ", ".join(f"`{status}`" for status in row.paused_by)]


def lines() -> list[list[str]]:
    """The cells of the table, with its head."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", CHAPTER, re.MULTILINE)
    ]
    return [row for row in rows if set(row) != {"---"}]


@pytest.mark.parametrize("edition", edition_names())
def test_the_table_of_the_page_is_that_of_the_editions_that_ship(edition: str) -> None:
    """It says so: whoever changes what starts, fulfils or pauses a milestone changes the page as well."""
    milestones = shipped_edition(edition).milestones
    assert lines() == [HEAD, *(expected(milestone, row) for milestone, row in milestones.items())]


@pytest.mark.parametrize("edition", edition_names())
def test_an_internal_note_has_no_effect_in_the_editions_that_ship(edition: str) -> None:
    """As the page says below the table."""
    found = shipped_edition(edition)
    assert "Internal notes have no effect in the editions that ship" in CHAPTER
    used = {each for row in found.milestones.values() for each in (row.starts, *row.fulfilled_by)}
    assert "internal_note" not in {*used, *found.reopened_by, *found.wait_ends_with}
