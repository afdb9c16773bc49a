"""Pages of a board that cannot read on: they say as of when they are, count nothing down, and go on by themselves."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.broker.board_calls import board_with_intake, opened
from tests.harness.board import NOWHERE, Board, aged, running_board
from tests.harness.sign_in import AGENT, token_hosts, token_of

SOON = 30_000  # milliseconds: a page is stale once it is older than five seconds


@asynccontextmanager
async def looked_at(chromium: Browser, board: Board, address: str = "/", language: str = "en") -> AsyncIterator[Page]:
    """A page of the board, for an agent."""
    context = await chromium.new_context(locale=language, timezone_id="Europe/Madrid")
    try:
        await context.add_cookies([{"name": PERSON, "value": token_of(AGENT), "url": board.url}])
        page = await context.new_page()
        await page.goto(board.url + address)
        yield page
    finally:
        await context.close()


async def test_pages_count_nothing_down_while_kafka_does_not_answer(chromium: Browser, tmp_path: Path) -> None:
    """Somebody may have answered meanwhile: a page that goes on counting says that nobody did."""
    async with (
        EmbeddedKafka(tmp_path / "kafka", jvm_flags=SHORT_LIVED) as broker,
        board_with_intake(broker.bootstrap, tmp_path) as board,
    ):
        case = await opened(board)
        async with looked_at(chromium, board) as listing, looked_at(chromium, board, f"/cases/{case}") as page:
            for each in (listing, page):
                await expect(each.locator("[data-due]").first).to_be_visible()
            os.kill(broker.pid, signal.SIGSTOP)
            try:
                for each in (listing, page):
                    await expect(each.locator(".as-of.note")).to_contain_text("Nothing newer", timeout=SOON)
                    await expect(each.locator("[data-due]")).to_have_count(0)
                await expect(page.locator(".owed .left")).to_have_text("still owed")
            finally:
                os.kill(broker.pid, signal.SIGCONT)
            for each in (listing, page):
                await expect(each.locator(".as-of")).to_have_count(0, timeout=SOON)
                await expect(each.locator("[data-due]").first).to_be_visible()


@pytest.mark.parametrize(
    ("language", "said"), [("en", "This is how it was at"), ("es", "Así estaba:")], ids=["en", "es"]
)
async def test_a_board_that_was_restarted_without_kafka_has_its_pages(
    chromium: Browser, bootstrap: str, tmp_path: Path, language: str, said: str
) -> None:
    """As of when its file is, in both languages, and without a barrier."""
    async with board_with_intake(bootstrap, tmp_path) as board:
        case = await opened(board)
        intake = board.intake
    aged(tmp_path / "board.sqlite", utc_now() - timedelta(hours=30))
    async with (
        running_board(intake, tmp_path, wait=False, token_hosts=token_hosts(), kafka_bootstrap=NOWHERE) as old,
        looked_at(chromium, old, f"/cases/{case}", language) as page,
    ):
        await page.wait_for_function("() => document.querySelector('.as-of') || location.reload()")
        await expect(page.locator(".as-of [role=status]")).to_contain_text(said)
        await expect(page.locator("[data-due]")).to_have_count(0)
        assert (await Axe().run(page)).violations_count == 0
