"""The rights that docs/operations.md gives to the principals of a cluster are those that the services need."""

import re

import pytest

from services.board.store.stored_record import TOPICS as READ_BY_THE_BOARD
from shared.contracts.topics import DEAD_LETTER_SUFFIX, EDITIONS, TASK_SOURCES, TOPICS
from tests.contract.tree import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n### TLS, SASL and rights\n")[2].partition("\n### ")[0]
ROWS = {
    cells[0]: cells[1:]
    for line in SECTION.splitlines()
    if line.startswith("| ") and len(cells := [cell.strip() for cell in line.strip("| ").split(" | ")]) == 5
}


def names(cell: str) -> set[str]:
    """The names in a cell."""
    return set(re.findall("`([^`]+)`", cell))


@pytest.mark.parametrize("service", TASK_SOURCES)
def test_a_task_service_may_use_what_its_topology_uses(service: str) -> None:
    """A right that is missing is found at the first start in production, or at the first dead letter."""
    reads, writes, group, transactional_ids = map(names, ROWS[service])
    sources = {topic.name for topic in TASK_SOURCES[service]}
    assert sources <= reads
    assert writes == {
        *(topic.name for topic in TOPICS if topic.written_by == service),
        *(source + DEAD_LETTER_SUFFIX for source in sources),
        EDITIONS.name,
        f"{service}-*",
    }
    assert (group, transactional_ids) == ({service, f"{service}-tasks"}, {f"{service}-*"})


def test_intake_may_write_what_is_its_own() -> None:
    """It is what strangers reach, so it has no more."""
    _, writes, group, transactional_ids = map(names, ROWS["intake"])
    assert writes == {topic.name for topic in TOPICS if topic.written_by.startswith("intake")}
    assert (group, transactional_ids) == (set(), set())


def test_the_board_reads_and_writes_nothing() -> None:
    """It is a view: whoever gets into it changes nothing in the log."""
    reads, writes, group, transactional_ids = map(names, ROWS["board"])
    assert reads == {topic.name for topic in READ_BY_THE_BOARD}
    assert (writes, group, transactional_ids) == (set(), set(), set())
