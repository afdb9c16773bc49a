"""`make screenshots`: takes the pictures of docs/images from running systems, and all others to look at.

Every page for customers, agents and managers, at three widths and in both themes, goes to .frontline/screenshots. Look
at them after the style sheet has changed. Those that the documentation shows go to docs/images. What agents and
managers see of many cases is that of `frontline demo`, after its last request; all else is that of `frontline up`.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, FloatRect, Page, async_playwright

from tests.browser.conftest import OPTIONS, installed
from tests.browser.customer import (
    ANSWERS,
    PLUS,
    PREMIER,
    board_of,
    chat_about,
    hand_over,
    send,
    sign_in,
    sign_in_as_agent,
    write,
)
from tests.harness.up import running

ROOT = Path(__file__).parents[2]
ALL, SHOWN = ROOT / ".frontline" / "screenshots", ROOT / "docs" / "images"
WIDTHS = (320, 768, 1440)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Those of the documentation: page, width, theme -> how much of it, in pixels from its top, or the element.
OF_THE_DOCS: dict[tuple[str, int, str], int | str] = {
    ("form", 768, "light"): 1100,
    ("request", 1440, "light"): 1100,
    ("request", 320, "dark"): 1100,
    ("mistakes", 768, "dark"): 1100,
    ("chat", 768, "light"): 1100,
    ("hand-over", 768, "dark"): 1100,
    ("sign-in", 768, "light"): 1100,
    ("refused", 768, "dark"): 320,
    ("board", 1200, "light"): 780,
    ("case", 1024, "light"): 1400,
    ("ledger", 1024, "light"): "details.card[open]",
    ("policy", 1024, "light"): 720,
    ("what-if", 1024, "light"): 1000,
    ("reports", 1024, "light"): 1000,
}
LAST_LINE = b"These were all"  # of the demo, once its requests are over
DEMO_SECONDS = 300.0
ASKED = (
    "/policy/what-if?plan=premier&account_type=enterprise&paid=yes&country=ES&role=admin&licensed=yes&channel=web_ticket"
    "&fields.impact=significant&fields.workaround=none&fields.environment=production&fields.request_type=technical"
    "&at=2026-12-07T16:00&zone=Europe/Madrid"
)

# Chats of one customer, each with another priority.
_CHATS = (
    ("How do I rename a room?", ANSWERS | {"impact": "information"}),
    ("Recordings arrive hours late", ANSWERS | {"impact": "significant", "workaround": "partial"}),
    ("Every call drops after a minute", ANSWERS),
)
SEND_REPLY = re.compile("^(Send reply|Enviar respuesta)$")


async def _form(page: Page) -> None:
    await page.check('input[name="channel"][value="phone"]')


async def _mistakes(page: Page) -> None:
    await page.fill("#description", "Since ten o'clock every call drops after a minute.")
    await page.locator("main form button").last.click()
    await page.wait_for_selector("#mistakes")


async def _request(page: Page) -> None:
    answers = {"impact": "significant", "workaround": "none", "environment": "production", "request_type": "technical"}
    await send(page, "Every call drops after a minute", "web_ticket", answers)
    await page.wait_for_selector(".owed .left")


async def _ask_the_bot(page: Page) -> None:
    await chat_about(page, "nadie me oye" if await page.locator("html[lang=es]").count() else "nobody can hear me")


async def _chat(page: Page) -> None:
    answers = {"impact": "significant", "workaround": "none", "environment": "production", "request_type": "technical"}
    await _ask_the_bot(page)
    await hand_over(page, answers)
    await page.wait_for_selector("#left[data-due]")
    await write(page, "Can you see my account?")
    await page.wait_for_selector(".talk > .me:last-child")


async def _hand_over(page: Page) -> None:
    await _ask_the_bot(page)
    await page.click("#ask-person")


async def _sign_in(page: Page) -> None:
    await page.goto(page.url + "demo/sign-in")


async def _chats(page: Page) -> None:
    for subject, answers in _CHATS:
        await page.goto(_url(page))
        await send(page, subject, "chat", answers)
        await page.wait_for_selector(".owed .left")
    case, board = page.url.rpartition("/")[2], await board_of(page)
    await page.fill("#text", "It began after the update of this morning.")
    await page.get_by_role("button", name=SEND_REPLY).click()
    await page.wait_for_selector(".say + .say")
    await _sign_out(page)
    await sign_in_as_agent(page, board, "agent-2")
    await _answer(page, 1, "We are looking at the relays of your region, and write again within the hour.")
    await sign_in_as_agent(page, board)
    await page.wait_for_selector(f"#case-{case} .subject")


async def _desk_chat(page: Page) -> None:
    await _chats(page)
    await _answer(page, 0, "Which version do you have? You find it under Help, About.")
    await page.fill("#text", "The relay of Madrid is the only one with errors.")
    await page.locator('button[value="internal_note"]').click()
    await page.wait_for_selector(".private")


async def _no_chat(page: Page) -> None:
    await sign_in_as_agent(page, await board_of(page))


async def _answer(page: Page, number: int, text: str) -> None:
    """Take a chat of the list and answer it."""
    await page.locator(".subject").nth(number).click()
    await page.locator('button[name="take"]').click()
    await page.wait_for_selector('button[name="take"]', state="detached")
    await page.fill("#text", text)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector(".say.agent")


async def _sign_out(page: Page) -> None:
    await page.locator(".top button.link").click()
    await page.wait_for_url(_url(page) + "/")


def _url(page: Page) -> str:
    """The address of intake."""
    return "/".join(page.url.split("/")[:3])


async def _refused(page: Page) -> None:
    await page.goto(page.url + "requests/unknown")


async def _board(page: Page) -> None:
    await sign_in_as_agent(page, await board_of(page))
    await page.wait_for_selector(".chats tbody tr")


async def _case(page: Page) -> None:
    """An agent's page of a case that counts in business hours."""
    await sign_in(page, _url(page), PREMIER)
    case = await send(page, "Every call drops after a minute", "web_ticket", ANSWERS | {"impact": "significant"})
    await page.wait_for_selector(".owed .left")
    board = await board_of(page)
    await sign_in_as_agent(page, board)
    await page.goto(f"{board}/cases/{case}")
    await page.wait_for_selector("details.card[open] .timeline")


async def _as_lead(page: Page, address: str, selector: str) -> None:
    board = await board_of(page)
    await sign_in_as_agent(page, board, "lead")
    await page.goto(board + address)
    await page.wait_for_selector(selector)


Prepare = Callable[[Page], Awaitable[None]]
OF_UP: dict[str, Prepare] = {
    "empty-desk": _no_chat,  # before there is one
    "form": _form,
    "mistakes": _mistakes,
    "request": _request,
    "chat": _chat,
    "hand-over": _hand_over,
    "sign-in": _sign_in,
    "refused": _refused,
    "desk": _chats,
    "desk-chat": _desk_chat,
    "policy": partial(_as_lead, address="/policy", selector=".grid"),
    "what-if": partial(_as_lead, address=ASKED, selector=".timeline"),
}
OF_DEMO: dict[str, Prepare] = {
    "board": _board,
    "case": _case,
    "ledger": _case,
    "reports": partial(_as_lead, address="/reports", selector=".uplot canvas"),
    "breaches": partial(_as_lead, address="/reports/breaches", selector=".missed"),
    "operations": partial(_as_lead, address="/operations", selector=".cards"),
}


async def take() -> int:
    """Take them all. Returns the exit code: 2 where there is no Chromium."""
    chromium = installed()
    if chromium is None:
        print("no Chromium was found; on Debian and Ubuntu: apt install chromium", file=sys.stderr)
        return 2
    for folder in (ALL, SHOWN):
        folder.mkdir(parents=True, exist_ok=True)
        for picture in folder.glob("*.png"):
            picture.unlink()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        with tempfile.TemporaryDirectory() as working:
            async with running(Path(working), FRONTLINE_RUNTIME_DIR=working) as up:
                await _take_pages(browser, (await up.ready())["intake_url"], OF_UP)
        with tempfile.TemporaryDirectory() as working:
            async with running(Path(working), command="demo", FRONTLINE_RUNTIME_DIR=working) as demo:
                url = (await demo.ready())["intake_url"]
                async with asyncio.timeout(DEMO_SECONDS):
                    await demo.says(LAST_LINE)
                await _take_pages(browser, url, OF_DEMO)
        await browser.close()
    number = len(list(ALL.glob("*.png")))
    print(f"{number} pictures in {ALL.relative_to(ROOT)}, those of the documentation also in docs/images")
    return 0


async def _take_pages(browser: Browser, url: str, pages: Mapping[str, Prepare]) -> None:
    for name, prepare in pages.items():
        for language in ("en", "es"):
            page = await browser.new_page(locale=language, timezone_id="Europe/Madrid")
            await sign_in(page, url, PLUS)
            await prepare(page)
            await _take(page, name)
            await page.close()


async def _take(page: Page, name: str) -> None:
    language = await page.locator("html").get_attribute("lang")
    for width in sorted({*WIDTHS, *(each for of, each, _ in OF_THE_DOCS if of == name and language == "en")}):
        await page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme)
            (ALL / f"{name}-{language}-{width}-{theme}.png").write_bytes(await page.screenshot(full_page=True))
            shown = OF_THE_DOCS.get((name, width, theme))
            if language == "en" and shown is not None:
                (SHOWN / f"{name}-{width}-{theme}.png").write_bytes(await _part(page, shown))


async def _part(page: Page, shown: int | str) -> bytes:
    """The element that this selects, or so many pixels from the top, without the mark of the focus."""
    await page.evaluate("document.activeElement.blur()")
    if isinstance(shown, str):
        return await page.locator(shown).first.screenshot()
    width, height = await page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": min(height, shown)}
    return await page.screenshot(full_page=True, clip=clip)


if __name__ == "__main__":
    sys.exit(asyncio.run(take()))
