"""The board's file is made anew while people look at its pages, as an operator does it by docs/board.md."""

import asyncio
import re
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import httpx
from playwright.async_api import Browser, Page, expect

from shared.contracts.topics import CASES
from tests.broker.board_calls import opened
from tests.broker.intake_calls import output_of, unique
from tests.broker.test_board_changes import following
from tests.broker.test_pages import TYPED, browser, send
from tests.browser.looking import opened_page
from tests.harness.board import Board, running_board
from tests.harness.chats import decided_chat
from tests.harness.command_line import frontline_text
from tests.harness.decided import published
from tests.harness.intake import Intake, key_of, running_intake, topics_at, write
from tests.harness.processes import eventually
from tests.harness.shipped import shipped_edition
from tests.harness.sign_in import AGENT, token_hosts

SOON = 60_000  # milliseconds: a machine under load makes a new file, and starts a board
CASE, OTHER = "Open while the file is made anew", "Came while the file was made anew"


async def report(intake: Intake, case: str, text: str) -> None:
    """An agent answers by another program, which needs no board."""
    headers = {"Authorization": f"Bearer {key_of('all')}", "Idempotency-Key": uuid4().hex}
    async with httpx.AsyncClient(base_url=intake.url, headers=headers, timeout=20) as http:
        answer = await http.post(f"/v1/cases/{case}/activity", json={"type": "agent_replied", "text": text})
    assert answer.status_code == 202, answer.text


async def sent(intake: Intake, subject: str) -> str:
    """A customer sends a request, and it is decided, whether a board runs or not. Returns its id."""
    async with browser(intake, unique()) as http:
        answer = await send(http, {**TYPED, "channel": "chat", "subject": subject})
    case = answer.headers["Location"].rpartition("/")[2]
    await eventually(lambda: intake.service.cases.find(case) is not None, 20, "intake knows the request")
    recent = intake.service.cases.find(case)
    assert recent is not None
    await write(intake.bootstrap, [output_of(CASES, case, decided_chat(recent.request))])
    return case


async def rebuilt(intake: Intake, folder: Path) -> subprocess.CompletedProcess[str]:
    """`frontline board rebuild` in a process of its own."""
    given = {"FRONTLINE_KAFKA_BOOTSTRAP": intake.bootstrap, "FRONTLINE_BOARD_FILE": str(folder / "board.sqlite")}
    return await asyncio.to_thread(frontline_text, "board", "rebuild", environment=given)


async def shown_once(case: Page, listing: Page, answers: int) -> None:
    """Each answer is on the page once, and each case on the list."""
    await expect(case.locator(".say.agent")).to_have_count(answers, timeout=SOON)
    await expect(case.locator(".events li", has_text="Answer by")).to_have_count(answers)
    for subject in (CASE, OTHER):
        await expect(listing.locator("tbody tr", has_text=subject)).to_have_count(1, timeout=SOON)


async def test_open_pages_go_on_with_a_file_that_was_made_anew(
    chromium: Browser, bootstrap: str, tmp_path: Path
) -> None:
    """They say that they are behind, and then show what happened since: nothing is missing, nothing is there twice.

    A program that follows the stream of changes goes on with the cursor of the old file. The command refuses while a
    board runs, and says what to do.
    """
    await topics_at(bootstrap)
    await write(bootstrap, [published(shipped_edition("guidelines-2021"))])
    async with (
        running_intake(bootstrap, token_hosts=token_hosts(), anonymous_rate="1000/minute") as intake,
        AsyncExitStack() as board_of_now,
        AsyncExitStack() as browsers,
    ):

        async def started(port: int = 0) -> Board:
            running = running_board(intake, tmp_path, port=port, token_hosts=token_hosts())
            return await board_of_now.enter_async_context(running)

        board = await started()
        case = await opened(board, typed={**TYPED, "subject": CASE})
        page, listing = [
            await browsers.enter_async_context(opened_page(chromium, board.url, address, AGENT))
            for address in (f"/cases/{case}", "/?text=file")
        ]
        async with following(board, "?text=file") as stream:
            await report(intake, case, "Before.")
            last = (await stream.next_of(case)).id
        await expect(page.locator(".say.agent")).to_have_count(1, timeout=SOON)
        refused = await rebuilt(intake, tmp_path)
        assert refused.returncode == 1
        assert re.search(r"another process has .*board\.sqlite open: stop it, or name another file", refused.stderr)
        await board_of_now.aclose()
        await page.fill("#text", "Half an ans")
        for each in (page, listing):
            await expect(each.locator("#stale")).to_be_visible(timeout=SOON)
        await report(intake, case, "Meanwhile.")
        other = await sent(intake, OTHER)
        done = await rebuilt(intake, tmp_path)
        assert done.returncode == 0, done.stderr
        assert re.search(r"is made anew, with \d+ cases", done.stdout)
        await report(intake, case, "And after the new file.")
        anew = await started(int(board.url.rpartition(":")[2]))
        await shown_once(page, listing, 3)
        for each in (page, listing):
            await expect(each.locator("#stale")).to_be_hidden(timeout=SOON)
        async with following(anew, "?text=file", last=last) as stream:  # a program that goes on with its cursor
            seen = [await stream.next_of(case, other) for _ in range(2)]
        assert sorted((each.name, each.data["case_id"]) for each in seen) == sorted(("case", i) for i in (case, other))
        await report(intake, case, "By the new board.")
        await shown_once(page, listing, 4)
        await expect(page.locator("#text")).to_have_value("Half an ans")
