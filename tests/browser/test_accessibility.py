"""Every page for customers and for agents, judged by axe-core in both themes, and at the narrowest width."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.browser.barriers import without_barriers
from tests.browser.conftest import OpenAs
from tests.browser.customer import PLUS, SEND, board_of, chat_about, hand_over, send, sign_in_as_agent


async def _form(page: Page) -> None:
    await page.check('input[name="channel"][value="phone"]')


async def _mistakes(page: Page) -> None:
    await page.get_by_role("button", name=SEND).click()
    await expect(page.locator("#mistakes")).to_be_visible()


async def _request(page: Page) -> None:
    await send(page, "A long-distance-call-that-drops-after-a-minute", "phone")
    await expect(page.locator(".owed .left")).to_be_visible()
    for details in await page.locator("summary").all():
        await details.click()


async def _resolved(page: Page) -> None:
    await send(page, "Resolved")
    await page.get_by_role("button", name="It works again").click()
    await expect(page.locator("h1 + .pill")).to_have_text("resolved")


async def _sign_in(page: Page) -> None:
    await page.goto(page.url + "demo/sign-in")


async def _refused(page: Page) -> None:
    await page.goto(page.url + "requests/unknown")


async def _chat(page: Page) -> None:
    await chat_about(page, "nobody can hear me")
    await hand_over(page)
    await expect(page.locator("#standing .pill")).to_have_text("with a person")


async def _hand_over(page: Page) -> None:
    await chat_about(page, "nobody can hear me")
    await hand_over(page, {})
    await expect(page.locator('[id="wrong-fields.impact"]')).to_be_visible()


async def _cases(page: Page) -> None:
    await send(page, "A long-distance-call-that-drops-after-a-minute", "chat")
    await expect(page.locator(".owed .left")).to_be_visible()
    await sign_in_as_agent(page, await board_of(page))
    await expect(page.locator(".chats tbody tr").first).to_be_visible()


async def _case(page: Page) -> None:
    await _cases(page)
    await page.locator(".subject").first.click()
    await page.fill("#text", "A note about a long-distance-call-that-drops-after-a-minute")
    await page.locator('button[value="internal_note"]').click()
    await expect(page.locator(".private").last).to_contain_text("long-distance")
    await page.locator('button[value="agent_replied"]').click()  # with nothing in it
    await expect(page.locator("#wrong-text")).to_be_visible()
    for details in await page.locator("summary").all():
        await details.click()


async def _own_cases(page: Page) -> None:
    await send(page, "A long-distance-call-that-drops-after-a-minute", "chat")
    await page.goto(await board_of(page))
    await expect(page.locator(".chats tbody tr").first).to_be_visible()


async def _own_case(page: Page) -> None:
    await _own_cases(page)
    await page.locator(".subject").first.click()
    await expect(page.locator(".owed .left")).to_be_visible()


async def _viewed(page: Page) -> None:
    await send(page, "A case that somebody only looks at", "chat")
    await sign_in_as_agent(page, await board_of(page), "lead")
    await page.locator(".subject").first.click()
    await expect(page.locator("#talk")).to_be_visible()


async def _unknown(page: Page) -> None:
    await page.goto(page.url + "a-long-address-that-nobody-has-ever-given-to-any-page-of-ours")


async def _unknown_at_board(page: Page) -> None:
    await page.goto(await board_of(page) + "/nothing")


async def _not_signed_in(page: Page) -> None:
    board = await board_of(page)
    await page.context.clear_cookies()
    await page.goto(board)


PAGES: dict[str, Callable[[Page], Awaitable[None]]] = {
    "form": _form,
    "mistakes": _mistakes,
    "request": _request,
    "resolved": _resolved,
    "chat": _chat,
    "hand-over": _hand_over,
    "sign-in": _sign_in,
    "refused": _refused,
    "cases": _cases,
    "case": _case,
    "own-cases": _own_cases,
    "own-case": _own_case,
    "viewed": _viewed,
    "not-signed-in": _not_signed_in,
    "unknown": _unknown,
    "unknown-at-board": _unknown_at_board,
}


@pytest.mark.parametrize("name", ["cases", "case", "own-cases", "own-case"])
async def test_the_pages_of_the_board_have_none_in_spanish(open_as: OpenAs, name: str) -> None:
    """In either theme and at each width: with the longest words, on a phone, and with every part unfolded."""
    page = await open_as(PLUS, language="es")
    await PAGES[name](page)
    await expect(page.locator("html")).to_have_attribute("lang", "es")
    await without_barriers(page)


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_has_no_barrier_that_a_machine_can_find(open_as: OpenAs, name: str) -> None:
    """Contrast, names, roles, order: nothing in either theme; and nobody scrolls sideways on a small screen."""
    page = await open_as(PLUS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await PAGES[name](page)
    await without_barriers(page)
    assert errors == []
