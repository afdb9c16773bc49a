"""`make screenshots`: takes the pictures of docs/images from a running system, and all others to look at.

Every page for customers and for agents, at three widths and in both themes, goes to .frontline/screenshots. Look at
them after the style sheet has changed. Those that the documentation shows go to docs/images.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from playwright.async_api import Page, async_playwright

from tests.browser.conftest import OPTIONS, installed
from tests.browser.customer import (
    ANSWERS,
    PLUS,
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
# Those of the documentation: page, width, theme.
OF_THE_DOCS = {
    ("form", 768, "light"),
    ("request", 1440, "light"),
    ("request", 320, "dark"),
    ("mistakes", 768, "dark"),
    ("chat", 768, "light"),
    ("hand-over", 768, "dark"),
    ("sign-in", 768, "light"),
    ("refused", 768, "dark"),
}


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
    await page.locator("summary").first.click()


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


PAGES: dict[str, Callable[[Page], Awaitable[None]]] = {
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
}


async def take() -> int:
    """Take them all. Returns the exit code: 2 where there is no Chromium."""
    chromium = installed()
    if chromium is None:
        print("no Chromium was found; on Debian and Ubuntu: apt install chromium", file=sys.stderr)
        return 2
    for folder in (ALL, SHOWN):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as working:
        async with running(Path(working)) as up, async_playwright() as playwright:
            url = (await up.ready())["intake_url"]
            browser = await playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
            for name, prepare in PAGES.items():
                for language in ("en", "es"):
                    await _take(
                        await browser.new_page(locale=language, timezone_id="Europe/Madrid"), url, name, prepare
                    )
            await browser.close()
    number = len(list(ALL.glob("*.png")))
    print(f"{number} pictures in {ALL.relative_to(ROOT)}, those of the documentation also in docs/images")
    return 0


async def _take(page: Page, url: str, name: str, prepare: Callable[[Page], Awaitable[None]]) -> None:
    await sign_in(page, url, PLUS)
    await prepare(page)
    language = await page.locator("html").get_attribute("lang")
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            await page.emulate_media(color_scheme=theme)
            picture = await page.screenshot(full_page=True)
            (ALL / f"{name}-{language}-{width}-{theme}.png").write_bytes(picture)
            if language == "en" and (name, width, theme) in OF_THE_DOCS:
                (SHOWN / f"{name}-{width}-{theme}.png").write_bytes(picture)
    await page.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(take()))
