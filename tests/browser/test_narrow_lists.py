"""Lists on a telephone: every cell can be read, in the language with the longest words."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.looking import opened_page
from tests.harness.board_day import VIEWER, board_day, served
from tests.harness.sign_in import token_of

# The pairs of texts in one row of a list that cover each other.
COVERED = """
() => [...document.querySelectorAll("tbody tr")].flatMap((row) => {
  const boxes = [...row.querySelectorAll("td > span, td .pill, td .subject")].map((each) => {
    const range = document.createRange();
    range.selectNodeContents(each);
    return {text: each.textContent.trim(), ...range.getBoundingClientRect().toJSON()};
  });
  return boxes.flatMap((one, at) => boxes.slice(at + 1)
    .filter((other) => one.text !== other.text && one.left < other.right && other.left < one.right
      && one.top < other.bottom && other.top < one.bottom)
    .map((other) => `${one.text} | ${other.text}`));
})
"""


@pytest_asyncio.fixture(scope="module")
async def board(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A board after a day with late cases."""
    async with served(board_day(tmp_path_factory.mktemp("board"))) as url:
        yield url


@pytest_asyncio.fixture
async def telephone(chromium: Browser, board: str) -> AsyncIterator[Page]:
    """A page of 320 pixels in Spanish, signed in as somebody who sees every case."""
    context = await chromium.new_context(
        locale="es", timezone_id="Europe/Madrid", viewport={"width": 320, "height": 900}
    )
    context.set_default_timeout(15_000)
    await context.add_cookies([{"name": "frontline_person", "value": token_of(VIEWER), "url": board}])
    yield await context.new_page()
    await context.close()


@pytest.mark.parametrize("address", ["/", "/?show=late", "/reports/breaches?days=90"])
async def test_no_text_of_a_row_covers_another(telephone: Page, board: str, address: str) -> None:
    """How late a case is stood below the mark of its priority, in Spanish alone."""
    await telephone.goto(board + address)
    assert await telephone.locator("tbody tr").count()
    assert await telephone.evaluate(COVERED) == []


LONG = replace(VIEWER, name="Maximiliana Fernández de la Peña")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("width", [320, 390])
async def test_the_head_of_a_page_takes_two_rows_of_a_telephone(
    chromium: Browser, board: str, width: int, language: str
) -> None:
    """It took five, a third of what is seen at first; whoever is signed in may have a long name."""
    size = {"width": width, "height": 600}
    async with opened_page(chromium, board, "/", LONG, locale=language, viewport=size) as page:
        links = page.locator(".top .mark, .top nav > *")
        lines = await links.evaluate_all("(all) => all.map((each) => each.getBoundingClientRect())")
        assert len({round(each["y"] + each["height"] / 2) // 20 for each in lines}) == 2
        assert await page.locator(".top").evaluate("(top) => top.offsetHeight") <= 100
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        touched = page.locator(".top nav a, .top nav button")
        assert min(await touched.evaluate_all("(all) => all.map((each) => each.offsetHeight)")) >= 44


async def test_each_tab_of_the_list_is_one_line(telephone: Page, board: str) -> None:
    """They scroll sideways; words below each other made the row of tabs three lines high."""
    await telephone.goto(board)
    heights = await telephone.locator(".tabs a").evaluate_all("(all) => all.map((each) => each.offsetHeight)")
    assert max(heights) < 60
