"""What becomes of a record, by the samples of the kit: no Kafka, no Frontline."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from frontline_testkit import Event, samples
from paging.handling import Paging, Record
from paging.journal import Journal
from paging.pager import Page, Refused


def record_of(event: Event[Any]) -> Record:
    """The record that carries this event."""
    return Record(event.topic, 0, 7, event.text_headers, event.value)


class Pages:
    """A pager that notes pages, after it has raised these errors."""

    def __init__(self, *errors: Exception) -> None:
        self.taken: list[Page] = []
        self._errors = list(errors)

    async def page(self, page: Page) -> None:
        """Note the page, or raise."""
        if self._errors:
            raise self._errors.pop(0)
        self.taken.append(page)

    async def close(self) -> None:
        """Nothing."""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An empty journal."""
    return Journal(tmp_path / "paging.db")


ESCALATION = samples.load("escalation.raised")


async def test_an_escalation_pages_whoever_is_called(journal: Journal) -> None:
    """What the consumer is for; the key lets the pager tell a repetition."""
    pages = Pages()
    await Paging(pages, journal).take(record_of(ESCALATION))
    (page,) = pages.taken
    assert page.called == ESCALATION.data.called
    assert page.case_id == ESCALATION.data.case_id
    assert page.key == ":".join(ESCALATION.identity)


async def test_a_record_that_is_read_again_pages_nobody_even_after_a_restart(journal: Journal, tmp_path: Path) -> None:
    """Kafka delivers at least once: the last records before a crash come again."""
    pages = Pages()
    await Paging(pages, journal).take(record_of(ESCALATION))
    await Paging(pages, Journal(tmp_path / "paging.db")).take(record_of(ESCALATION))
    assert len(pages.taken) == 1


async def test_the_next_repetition_of_a_level_pages_again(journal: Journal) -> None:
    """It is another event, with an id of its own."""
    pages = Pages()
    paging = Paging(pages, journal)
    for event in (ESCALATION, ESCALATION.changed(id="another", repetition=1)):
        await paging.take(record_of(event))
    assert len(pages.taken) == 2


async def test_a_pager_that_fails_gets_the_page_again(journal: Journal) -> None:
    """A page that is lost because the pager restarts is what this consumer must not do."""
    pages = Pages(OSError("it restarts"), TimeoutError())
    await Paging(pages, journal, first_pause=0).take(record_of(ESCALATION))
    assert len(pages.taken) == 1


def unreadable() -> Iterator[tuple[str, Record]]:
    """Records of the escalation's type that are no escalation."""
    good = record_of(ESCALATION)
    yield "no json", replace(good, value=b"{")
    yield "a field is missing", replace(good, value=b"{}")
    yield "no id", replace(good, headers={name: v for name, v in good.headers.items() if name != "ce_id"})


@pytest.mark.parametrize("record", [pytest.param(record, id=name) for name, record in unreadable()])
async def test_a_record_that_is_no_event_is_kept_with_the_reason(journal: Journal, record: Record) -> None:
    """And the next one has its turn: one bad record must not silence the pager."""
    pages = Pages()
    paging = Paging(pages, journal)
    await paging.take(record)
    await paging.take(record_of(ESCALATION))
    assert len(pages.taken) == 1
    assert [(topic, offset) for topic, _, offset, _ in journal.kept()] == [(record.topic, record.offset)]


async def test_a_page_that_is_refused_for_good_is_kept_and_not_repeated(journal: Journal) -> None:
    """For instance of somebody whom the pager does not know."""
    pages = Pages(Refused("404 nobody is on call"))
    await Paging(pages, journal).take(record_of(ESCALATION))
    assert pages.taken == []
    assert "404" in journal.kept()[0][3]


@pytest.mark.parametrize("name", [name for name in samples.names() if name != "escalation.raised"])
async def test_all_other_events_page_nobody(journal: Journal, name: str) -> None:
    """The topic has a dozen types, and there will be more."""
    pages = Pages()
    await Paging(pages, journal).take(record_of(samples.load(name)))
    assert pages.taken == []
    assert journal.kept() == []
