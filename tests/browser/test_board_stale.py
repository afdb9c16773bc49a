"""Pages of a board that cannot read on: they say as of when they are, count nothing down, and go on by themselves."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.broker.board_calls import board_with_intake, does, looking, opened
from tests.broker.intake_calls import unique
from tests.broker.test_pages import TYPED
from tests.browser.looking import load_until
from tests.harness.board import NOWHERE, Board, aged, running_board
from tests.harness.intake import ID_SECRET, api_keys
from tests.harness.service_process import service_process
from tests.harness.sign_in import AGENT, token_hosts, token_of

SILENT = 6_000  # milliseconds: of a page that has heard nothing for five seconds it is known
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


async def test_a_page_that_hears_nothing_says_so_and_counts_nothing_down(
    chromium: Browser, bootstrap: str, tmp_path: Path
) -> None:
    """The board stands still, or the network does: no connection ends, and nobody knows whether anybody has answered.

    It goes on by itself, on every page of a list.
    """
    async with board_with_intake(bootstrap, tmp_path) as board:
        typed = {**TYPED, "subject": (subject := unique())}
        case, second = [await opened(board, typed=typed) for _ in range(2)]
        environment: dict[str, Any] = {
            "FRONTLINE_KAFKA_BOOTSTRAP": bootstrap,
            "FRONTLINE_API_KEYS": api_keys(),
            "FRONTLINE_TOKEN_HOSTS": token_hosts(),
            "FRONTLINE_ID_SECRET": ID_SECRET,
            "FRONTLINE_INTAKE_URL": board.intake.url,
            "FRONTLINE_BOARD_FILE": str(tmp_path / "frozen.sqlite"),
        }
        async with service_process("board", tmp_path / "board.log", **environment) as frozen:
            await frozen.start()
            await frozen.until("/readyz", 200)
            other = Board(frozen.url, board.service, board.intake)
            bearer = {"Authorization": f"Bearer {token_of(AGENT)}"}
            async with looking(other) as http:
                answer = await http.get("/v1/cases", params={"text": subject, "limit": 1}, headers=bearer)
            here = f"/?text={subject}"
            addresses = (here, f"{here}&after={answer.json()['next_cursor']}", f"/cases/{case}", "/operations")
            async with AsyncExitStack() as stack:
                pages = [await stack.enter_async_context(looked_at(chromium, other, each)) for each in addresses]
                for page in pages[:2]:
                    await expect(page.locator(f"#case-{second}")).to_be_visible()
                await pages[0].wait_for_timeout(SILENT)  # and while nothing happens, a page hears that nothing does
                for page in pages:
                    await expect(page.locator("#stale")).to_be_hidden()
                for page in (*pages[:2], pages[3]):
                    await expect(page.locator(".fresh")).to_have_text("up to date")
                os.kill(frozen.pid, signal.SIGSTOP)
                try:
                    for page in pages:
                        await expect(page.locator("#stale")).to_be_visible(timeout=SOON)
                        await expect(page.locator(".fresh:visible")).to_have_count(0)
                    counts = [await page.locator("[data-due]").all_inner_texts() for page in pages]
                    await pages[0].wait_for_timeout(2_500)  # a countdown by seconds would have moved
                    assert [await page.locator("[data-due]").all_inner_texts() for page in pages] == counts
                finally:
                    os.kill(frozen.pid, signal.SIGCONT)
                for page in pages:
                    await expect(page.locator("#stale")).to_be_hidden(timeout=SOON)
                async with looking(board) as http:
                    await does(http, second, "resolved")
                for page in pages[:2]:
                    await expect(page.locator(f"#case-{second}")).to_have_count(0, timeout=SOON)


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
        await load_until(page, page.url, ".as-of")
        await expect(page.locator(".as-of [role=status]")).to_contain_text(said)
        await expect(page.locator("[data-due]")).to_have_count(0)
        assert (await Axe().run(page)).violations_count == 0
