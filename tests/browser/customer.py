"""What a customer does on the pages, for tests and pictures."""

import re
from collections.abc import Mapping

from playwright.async_api import Page

PLUS, ACCESS = "demo-premier-plus-api", "demo-access-api"
ANSWERS = {"impact": "down", "workaround": "none", "environment": "production", "request_type": "technical"}
SEND = re.compile("^(Send|Enviar)$")


async def sign_in(page: Page, url: str, account: str, person: str = "admin-licensed") -> None:
    """Sign in as one of the demo people."""
    await page.goto(f"{url}/demo/sign-in")
    await page.locator(f'section:has(h2:text-is("{account}")) button[data-person="{person}"]').click()
    await page.wait_for_url(f"{url}/")


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
