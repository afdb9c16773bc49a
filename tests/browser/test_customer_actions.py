"""What customers do about a request beside writing: withdraw it, or ask for an escalation once that is possible."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.conftest import OpenAs, System
from tests.browser.customer import ACCESS, PLUS, board_of, reloaded_until, send, sign_in

DAY = timedelta(days=1)


@pytest_asyncio.fixture
async def page(chromium: Browser, in_time: System) -> AsyncIterator[Page]:
    """The form of that system in a browser of its own, signed in as the admin of an account with every right."""
    context = await chromium.new_context(locale="en", timezone_id="Europe/Madrid")
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await sign_in(page, in_time.url, PLUS)
    yield page
    await context.close()


async def review(desk: httpx.AsyncClient, case: str, *, accepted: bool) -> None:
    """The desk says what becomes of the escalation that was asked for."""
    answer = await desk.post(f"/v1/cases/{case}/activity", json={"type": "escalation_reviewed", "accepted": accepted})
    assert answer.status_code == 202, answer.text


def escalate(page: Page) -> Locator:
    """The button that asks for an escalation."""
    return page.get_by_role("button", name="Escalate", exact=True)


async def asked_for(page: Page, in_time: System, subject: str) -> str:
    """Send a request, wait for as long as its page says, and ask for an escalation. Returns the id of the request."""
    case = await send(page, subject)
    await expect(page.locator("main")).to_contain_text("Escalate: possible from")
    await expect(escalate(page)).to_have_count(0)
    await in_time.advance(DAY)
    await page.reload()
    await escalate(page).click()
    await expect(page.locator(".events")).to_contain_text("Escalation asked for")
    await expect(page.locator("main")).to_contain_text("Escalate: it has been asked for; somebody will look at it")
    await expect(escalate(page)).to_have_count(0)
    return case


async def test_an_escalation_is_asked_for_once_it_is_possible_and_its_page_shows_that_it_was_accepted(
    page: Page, in_time: System
) -> None:
    """The promise of the plan, from the page that says when, over the click, to the answer without a reload."""
    case = await asked_for(page, in_time, "Nobody has called for a day")
    async with in_time.desk() as desk:
        await review(desk, case, accepted=True)
    await expect(page.locator(".events")).to_contain_text("Escalated")
    await expect(page.locator("main")).to_contain_text("Escalate: it has been escalated already")


async def test_an_escalation_that_was_declined_can_be_asked_for_again_when_the_page_says(
    page: Page, in_time: System
) -> None:
    """A declined escalation is not the end of it: the page says from when on it is worth asking again."""
    case = await asked_for(page, in_time, "Still nobody")
    async with in_time.desk() as desk:
        await review(desk, case, accepted=False)
        await expect(page.locator(".events")).to_contain_text("The escalation was declined")
        await expect(page.locator("main")).to_contain_text("Escalate: possible from")
        await in_time.advance(DAY)
    await page.reload()
    await escalate(page).click()
    await expect(page.locator(".events li").filter(has_text="Escalation asked for")).to_have_count(2)


async def test_who_may_not_ask_for_an_escalation_reads_why(open_as: OpenAs) -> None:
    """There is no button that does nothing."""
    page = await open_as(ACCESS, "member-licensed")
    await send(page, "No right to escalate", "web_ticket")
    await expect(page.locator("main")).to_contain_text("Escalate: it needs plan Premier")
    await expect(escalate(page)).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
async def test_a_request_that_is_withdrawn_is_closed(open_as: OpenAs, scripts: bool) -> None:
    """The page says so, what happened has it, and nothing more can be done there."""
    page = await open_as(PLUS, java_script_enabled=scripts)
    await send(page, "It was my own cable")
    await expect(page.locator("main")).to_contain_text("Who takes it, and why")
    await page.get_by_role("button", name="Withdraw").click()
    if not scripts:
        await reloaded_until(page, "Nothing more will happen here.")
    await expect(page.locator("h1 + .pill")).to_have_text("closed")
    await expect(page.locator(".events")).to_contain_text("Withdrawn")
    await expect(page.locator("main")).to_contain_text("Nothing more will happen here.")
    await expect(
        page.get_by_role("button", name=re.compile("Withdraw|It works again|Escalate|Send reply"))
    ).to_have_count(0)


async def opened_until(page: Page, address: str, shown: Locator) -> None:
    """Open that page until it shows something: the board reads what intake has just written."""
    async with asyncio.timeout(10):
        while not await shown.count():
            await page.goto(address)


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
async def test_a_case_is_answered_and_withdrawn_on_the_board_as_well(open_as: OpenAs, scripts: bool) -> None:
    """Customers have their list there, and the same buttons on each case of it: what they do reaches intake."""
    page = await open_as(PLUS, java_script_enabled=scripts)
    case = await send(page, f"A cable, {'with' if scripts else 'without'} scripts")
    await expect(page.locator("main")).to_contain_text("Who takes it, and why")
    board = await board_of(page)
    listed = page.locator(f'a.subject[href="/cases/{case}"]')
    await opened_until(page, f"{board}/?show=all&sort=newest", listed)
    await listed.click()
    await page.wait_for_url(f"{board}/cases/{case}")
    await opened_until(page, page.url, page.locator("#text"))
    await page.fill("#text", "It may be my own cable")
    await page.get_by_role("button", name="Send reply").click()
    if not scripts:
        await reloaded_until(page, "It may be my own cable")
    await expect(page.locator(".say").last).to_contain_text("It may be my own cable")
    await page.get_by_role("button", name="Withdraw").click()
    if not scripts:
        await reloaded_until(page, "Nothing more will happen here.")
    await expect(page.locator("h1 + .pill")).to_have_text("closed")
    await expect(page.locator(".events")).to_contain_text("Withdrawn")
    await expect(page.get_by_role("button", name=re.compile("Withdraw|It works again|Send reply"))).to_have_count(0)
    assert page.url.startswith(f"{board}/cases/{case}")
