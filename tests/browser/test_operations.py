"""The page for operators in a browser: every state without a barrier, in both languages, with and without scripts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from shared.contracts.topics import ACTIVITY, ENTITLEMENTS, REQUESTS, Topic, dead_letter
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.identity.person import Person
from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Record
from shared.kafka.topic_admin import apply_topics
from shared.wall_clock import utc_now
from tests.browser.barriers import without_barriers
from tests.browser.looking import complaints_of, opened_page
from tests.harness.operations_board import OPERATOR, VIEWER, OperationsBoard, running_operations_board
from tests.harness.topic_surgery import delete, grow, recreate

OpenPage = Callable[..., Awaitable[Page]]
SOON = 30_000  # milliseconds: the page follows every five seconds


@pytest_asyncio.fixture
async def board(bootstrap: str, tmp_path: Path) -> AsyncIterator[OperationsBoard]:
    """A board of its own, with nothing dead-lettered."""
    async with running_operations_board(bootstrap, tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def open_page(chromium: Browser, board: OperationsBoard) -> AsyncIterator[OpenPage]:
    """Opens an address in a browser of its own, as somebody."""
    async with AsyncExitStack() as stack:

        async def opened(address: str = "/operations", person: Person = VIEWER, **given: Any) -> Page:
            return await stack.enter_async_context(opened_page(chromium, board.url, address, person, **given))

        yield opened


async def bury(board: OperationsBoard, count: int) -> list[str]:
    """So many dead letters of activity; their ids."""
    places = []
    for offset in range(count):
        record = Record(ACTIVITY.name, offset % 2, 7000 + offset, -1, b"case", b"what a customer wrote", ())
        output = dead_letters.to_output(DeadLetter("unknown_case", "no case", "escalation", utc_now(), record))
        await board.write(output)
        places.append(f"{ACTIVITY.name}:{offset % 2}:{7000 + offset}")
    return places


@pytest.mark.parametrize("language", ["en", "es"])
async def test_the_page_has_no_barrier_in_any_state(board: OperationsBoard, open_page: OpenPage, language: str) -> None:
    """All quiet, one dead letter, more of them than a page has; and the page follows by itself."""
    page, translated = await open_page(locale=language), language != "en"
    said = complaints_of(page)
    quiet = {"en": "Nothing is late. Nothing is dead-lettered.", "es": "Nada va con retraso."}[language]
    await expect(page.locator("main")).to_contain_text(quiet, timeout=SOON)
    await without_barriers(page, translated=translated)
    (one,) = await bury(board, 1)
    await expect(page.locator(f'[id="letter-{ACTIVITY.name}-dlt:0:0"]')).to_contain_text(
        one, timeout=SOON
    )  # by its stream
    await without_barriers(page, translated=translated)
    await bury(board, 60)
    link = page.get_by_role("link", name={"en": "Next page", "es": "Página siguiente"}[language])
    await expect(link).to_be_visible(timeout=SOON)
    await without_barriers(page, translated=translated)
    await link.click()
    await expect(page.locator("table.letters tbody tr")).to_have_count(11)
    await without_barriers(page, translated=translated)
    assert said == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_dead_letter_is_replayed_with_the_keyboard(
    board: OperationsBoard, open_page: OpenPage, scripts: bool
) -> None:
    """After a page that says what will happen; a second time only by somebody who insists."""
    (place,) = await bury(board, 1)
    page = await open_page(f"/operations/dead-letters/{place}", OPERATOR, java_script_enabled=scripts)
    await page.get_by_role("link", name="Replay it …").press("Enter")
    await expect(page.locator("h1")).to_have_text("Replay this dead letter?")
    if scripts:
        await without_barriers(page)
    await page.get_by_role("button", name="Replay it").press("Enter")
    await expect(page.locator("h1")).to_have_text("A dead letter")
    await expect(page.locator("main")).to_contain_text(f"{ACTIVITY.name}:")
    await page.get_by_role("link", name="Replay it …").press("Enter")
    await expect(page.locator("main")).to_contain_text("It was replayed already")
    await page.get_by_role("button", name="Replay it").press("Enter")
    await expect(page.locator("h1")).to_have_text("Replay this dead letter?")  # the box is not ticked
    if scripts:
        await without_barriers(page)
    await page.get_by_role("checkbox").press("Space")
    await page.get_by_role("button", name="Replay it").press("Enter")
    await expect(page.locator("h1")).to_have_text("A dead letter")
    assert (await page.content()).count(" <code>support.activity.v1:") == 2
    if scripts:
        await without_barriers(page)


@pytest.mark.parametrize("language", ["en", "es"])
async def test_topics_that_change_while_the_page_is_open_are_said_by_it(
    board: OperationsBoard, open_page: OpenPage, language: str
) -> None:
    """One that grew, one that is gone, one of that name again: each within seconds, and the rest is shown as before."""
    missing, again, grown = {
        "en": ("is missing", "was deleted and created again", "has 3 partitions"),
        "es": ("no existe", "se borró y se creó de nuevo", "tiene 3 particiones"),
    }[language]
    page, name = await open_page(locale=language), ENTITLEMENTS.name
    troubles, lag = page.locator("section.note.warn"), page.locator("#lag-router")
    await expect(page.locator(".quiet-note")).to_be_visible(timeout=SOON)
    await apply_topics(board.kafka, [Topic("support.of-somebody-else.v1", "id", "delete", "somebody")])
    await grow(board.kafka, ENTITLEMENTS, 3)
    await expect(troubles).to_contain_text(f"{name} {grown}", timeout=SOON)
    await expect(lag).to_contain_text(f"{name}:2")
    await expect(page.locator("main")).not_to_contain_text("of-somebody-else")
    await without_barriers(page)
    await delete(board.kafka, ENTITLEMENTS)
    await expect(troubles).to_contain_text(f"{name} {missing}", timeout=SOON)
    await expect(lag).not_to_contain_text(name)
    await expect(lag).to_contain_text(REQUESTS.name)
    await apply_topics(board.kafka, [ENTITLEMENTS])
    await expect(troubles).to_contain_text(f"{name} {again}", timeout=SOON)
    await expect(lag).to_contain_text(name)
    await expect(page.locator(".sums .pill.warn")).to_have_count(0)  # Kafka answers, whatever has become of a topic
    await without_barriers(page)


async def test_dead_letters_of_a_topic_that_was_made_anew_are_those_that_it_has_now(
    board: OperationsBoard, open_page: OpenPage
) -> None:
    """However many there are: offsets begin again, so a letter of before would stand at the place of another."""
    page = await open_page("/operations?show=all")
    letters = page.locator("table.letters tbody tr")
    for count in (2, 3):
        for number in range(count):
            record = Record(ENTITLEMENTS.name, 0, 7000 + 10 * count + number, -1, b"acme", b"{}", ())
            letter = DeadLetter("malformed_event", f"of {count}", "router", utc_now(), record)
            await board.write(dead_letters.to_output(letter))
        await expect(letters).to_have_count(count, timeout=SOON)
        await expect(letters).to_contain_text([f"of {count}"] * count)
        if count == 2:
            await recreate(board.kafka, dead_letter(ENTITLEMENTS))


async def test_while_kafka_is_away_the_page_says_since_when(chromium: Browser, tmp_path: Path) -> None:
    """And shows what Kafka said before."""
    async with AsyncExitStack() as stack:
        kafka = await stack.enter_async_context(EmbeddedKafka(jvm_flags=SHORT_LIVED))
        board = await stack.enter_async_context(running_operations_board(kafka.bootstrap, tmp_path))
        page = await stack.enter_async_context(opened_page(chromium, board.url, "/operations", VIEWER))
        (place,) = await bury(board, 1)
        await expect(page.locator("main")).to_contain_text(place, timeout=SOON)
        await kafka.stop()
        await expect(page.locator(".note.warn").last).to_contain_text("Kafka does not answer", timeout=SOON)
        await expect(page.locator(".sums")).to_contain_text("Kafka has not answered since")
        await expect(page.locator("main")).to_contain_text(place)
        await without_barriers(page)
