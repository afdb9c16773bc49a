"""The pages of the policy in a browser: no barrier, no scrolling sideways, and a question that the keyboard asks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from shared.http.limits import HttpLimits
from shared.http.server import WebServer
from tests.browser.barriers import without_barriers
from tests.browser.looking import complaints_of, opened_page
from tests.harness.policy_pages import policy_app
from tests.unit.board.editions import edition
from tests.unit.http.serving import listening

OpenPolicy = Callable[..., Awaitable[Page]]
ASKED = (
    "/policy/what-if?plan=premier&account_type=enterprise&paid=yes&country=ES&role=admin&licensed=yes&channel=chat"
    "&fields.impact=significant&fields.workaround=none&fields.environment=production&fields.request_type=technical"
    "&at=2026-12-07T16:00&zone=Europe/Madrid"
)
PAGES = (
    ("guidelines-2021", "/policy"),
    ("guidelines-2021", "/policy?lang=es"),
    ("guidelines-2021", ASKED),
    ("guidelines-2021", ASKED + "&lang=es"),
    ("guidelines-2021", "/policy/what-if?plan=gold&at=tomorrow"),
    ("bareos", "/policy"),  # six plans
    ("redhat", "/policy"),
    ("crecimiento-digital", "/policy/what-if"),
)


@pytest_asyncio.fixture
async def open_policy(chromium: Browser) -> AsyncIterator[OpenPolicy]:
    """Opens a page of an edition's policy in a browser of its own."""
    async with AsyncExitStack() as stack:

        async def opened(name: str, address: str, **given: Any) -> Page:
            server = WebServer(policy_app(edition(name)), HttpLimits(connections=64, per_client=64), grace_seconds=1)
            url, _ = await stack.enter_async_context(listening(server))
            return await stack.enter_async_context(opened_page(chromium, url, address, **given))

        yield opened


@pytest.mark.parametrize(("name", "address"), PAGES)
async def test_a_page_of_the_policy_has_no_barrier_that_a_machine_can_find(
    open_policy: OpenPolicy, name: str, address: str
) -> None:
    """In either theme, with everything unfolded; and nobody scrolls sideways on a small screen."""
    page = await open_policy(name, address)
    said = complaints_of(page)
    await without_barriers(page, translated="lang=es" in address)
    assert said == []


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_question_is_asked_with_the_keyboard_and_its_address_is_its_answer(
    open_policy: OpenPolicy, scripts: bool
) -> None:
    """Also without scripts, since the form is a form; whoever gets the address reads the same."""
    page = await open_policy("guidelines-2021", ASKED, java_script_enabled=scripts)
    await expect(page.locator(".promise .left")).to_have_text("Wed 9 Dec, 11:00 CET")
    await page.locator('[id="fields.impact"]').focus()
    await page.keyboard.type("Nothing")
    await page.locator("form button").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".promise .left")).to_have_text("Mon 7 Dec, 17:00 CET")
    assert "fields.impact=down" in page.url
    assert page.url.endswith("#answer")
    again = await page.context.new_page()
    await again.goto(page.url)
    await expect(again.locator(".promise .left")).to_have_text("Mon 7 Dec, 17:00 CET")


async def test_the_picture_of_a_ledger_says_what_it_shows_and_its_labels_do_not_touch(open_policy: OpenPolicy) -> None:
    """At every width: a label that covers another one can be read by nobody."""
    page = await open_policy("guidelines-2021", ASKED)
    picture = page.get_by_role("img", name="holiday").first
    await expect(picture).to_have_accessible_name(
        "From Mon 7 Dec, 16:00 CET to Wed 9 Dec, 11:00 CET: counted 4 h, closed 15 h, holiday 24 h. "
        "Due Wed 9 Dec, 11:00 CET."
    )
    for width in (320, 768, 1440):
        await page.set_viewport_size({"width": width, "height": 900})
        boxes = [box for text in await picture.locator("text").all() if (box := await text.bounding_box()) is not None]
        assert len(boxes) >= 3
        for index, box in enumerate(boxes):
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            for other in boxes[index + 1 :]:
                apart_x = box["x"] + box["width"] <= other["x"] or other["x"] + other["width"] <= box["x"]
                assert apart_x or abs(box["y"] - other["y"]) > 10


async def test_a_number_in_a_cell_leads_to_its_rule(open_policy: OpenPolicy) -> None:
    """Which is unfolded for it, and says its id and its source."""
    page = await open_policy("guidelines-2021", "/policy")
    await page.locator(".target .ref").first.click()
    rule = page.locator(".rule:target")
    await expect(rule).to_be_visible()
    await expect(rule).to_contain_text("P1.first_response")
    await expect(rule).to_contain_text("table of response times")
