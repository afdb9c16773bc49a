"""What a customer does on the pages, for tests and pictures."""

import asyncio
import re
from collections.abc import Mapping

from playwright.async_api import Page

PLUS, PREMIER, ACCESS = "demo-premier-plus-api", "demo-premier-api", "demo-access-api"
ANSWERS = {"impact": "down", "workaround": "none", "environment": "production", "request_type": "technical"}
SEND = re.compile("^(Send|Enviar)$")


async def sign_in(page: Page, url: str, account: str, person: str = "admin-licensed") -> None:
    """Sign in as one of the demo people."""
    await page.goto(f"{url}/demo/sign-in")
    await page.locator(f'section:has(h2:text-is("{account}")) button[data-person="{person}"]').click()
    await page.wait_for_url(f"{url}/")


async def sign_in_as_agent(page: Page, url: str, agent: str = "agent-1") -> None:
    """Sign in as one of the demo agents at the board, whose address is `url`."""
    await page.goto(f"{url}/demo/sign-in")
    await page.locator(f'button[data-person="{agent}"]').click()
    await page.wait_for_url(f"{url}/")


async def board_of(page: Page) -> str:
    """The address of the board, as the pages of intake link to it for whoever is signed in; without a slash."""
    address = await page.locator('.top nav a[href^="http"]').get_attribute("href")
    return str(address).rstrip("/")


async def fill(page: Page, subject: str, channel: str | None = None, answers: Mapping[str, str] = ANSWERS) -> None:
    """Fill the form in."""
    await page.fill("#subject", subject)
    await page.fill("#description", "Since ten o'clock every call drops after a minute.")
    for name, value in answers.items():
        await page.check(f'input[name="fields.{name}"][value="{value}"]')
    if channel is not None:
        await page.check(f'input[name="channel"][value="{channel}"]')


async def send(page: Page, subject: str, channel: str | None = None, answers: Mapping[str, str] = ANSWERS) -> str:
    """Fill the form in and send it. Returns the id of the request."""
    await fill(page, subject, channel, answers)
    await page.get_by_role("button", name=SEND).click()
    await page.wait_for_url("**/requests/*")
    return page.url.rpartition("/")[2]


async def write(page: Page, text: str) -> None:
    """Write a message in the chat."""
    await page.fill("#message", text)
    await page.keyboard.press("Enter")


async def chat_about(page: Page, question: str) -> None:
    """Open the chat and ask the bot something."""
    await page.goto(re.sub(r"^(https?://[^/]+).*", r"\1/chat", page.url))
    await write(page, question)
    await page.locator(".talk > .them").nth(1).wait_for()


async def hand_over(page: Page, answers: Mapping[str, str] = ANSWERS, *, open_first: bool = True) -> None:
    """Pass the conversation on to a person."""
    if open_first:
        await page.click("#ask-person")
    for name, value in answers.items():
        await page.check(f'#hand-over input[name="fields.{name}"][value="{value}"]')
    await page.click("#hand-over button:not([type])")


async def reloaded_until(page: Page, text: str) -> None:
    """Load the page again, as a reader without scripts does, until it says so."""
    async with asyncio.timeout(10):
        while text not in await page.inner_text("main"):
            await page.locator("noscript a").click()
