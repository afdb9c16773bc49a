"""What the tests of pages share: somebody opens a page, and what the browser complains about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page

from shared.identity.person import Person
from shared.pages.visit import PERSON, ZONE
from tests.harness.processes import answered
from tests.harness.sign_in import token_of

PATIENCE = 30_000  # milliseconds, for each step on a page
REFUSED = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => window.refused.push(event.violatedDirective));
"""


@asynccontextmanager
async def opened_page(
    chromium: Browser, url: str, address: str, person: Person | None = None, **given: Any
) -> AsyncIterator[Page]:
    """A page of the service at `url` in a browser of its own, in Madrid; for `person`, if one is given.

    `given` are options of the browser's context. What the policy of the page refuses is in `window.refused`.
    """
    usual = {"locale": "en", "timezone_id": "Europe/Madrid", "viewport": {"width": 1280, "height": 900}}
    context = await chromium.new_context(**usual | given)
    try:
        context.set_default_timeout(PATIENCE)
        if person is not None:
            values = {PERSON: token_of(person), ZONE: "Europe%2FMadrid"}
            await context.add_cookies([{"name": name, "value": value, "url": url} for name, value in values.items()])
        await context.add_init_script(REFUSED)
        page = await context.new_page()
        await page.goto(url + address)
        yield page
    finally:
        await context.close()


async def load_until(page: Page, address: str, selector: str) -> None:
    """Load a page until it has that; the service may not know yet what it is to show.

    There is a pause after each load: a load that begins too soon cancels the one before it.
    """

    async def there() -> bool:
        await page.goto(address)
        return await page.locator(selector).count() > 0

    await answered(there, PATIENCE / 1000, f"{address} has {selector}")


def complaints_of(page: Page) -> list[str]:
    """What scripts of the page and the browser complain about, from now on; a page that is refused is no reason."""
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.location["url"] != page.url:
            found.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found
