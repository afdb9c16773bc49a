"""The pages of leads in a browser: charts under the strict policy, tables without scripts, filters by the keyboard."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.barriers import without_barriers
from tests.browser.looking import complaints_of, opened_page
from tests.harness.board_day import VIEWER, board_day, repeat, served
from tests.harness.sign_in import token_of

OpenReports = Callable[..., Awaitable[Page]]
PAGES = (
    "/reports",
    "/reports?days=90&priority=P1",
    "/reports?from=2019-01-01&to=2019-01-31",  # when nothing was promised
    "/reports?from=tomorrow&zone=Mars",
    "/reports/breaches",
    "/reports/breaches?show=near_miss",
    "/reports/breaches?from=2019-01-01&to=2019-01-31",
)


@pytest_asyncio.fixture(scope="module")
async def board(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A board of forty days."""
    day = board_day(tmp_path_factory.mktemp("board"))
    repeat(day, 40)
    async with served(day) as url:
        yield url


@pytest_asyncio.fixture
async def open_reports(chromium: Browser, board: str) -> AsyncIterator[OpenReports]:
    """Opens a page, signed in as somebody who may look at everything and change nothing."""
    async with AsyncExitStack() as stack:

        async def opened(address: str, language: str = "en", **given: Any) -> Page:
            page = opened_page(chromium, board, address, VIEWER, locale=language, **given)
            return await stack.enter_async_context(page)

        yield opened


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("address", PAGES)
async def test_a_page_of_leads_has_no_barrier_that_a_machine_can_find(
    open_reports: OpenReports, address: str, language: str
) -> None:
    """In either theme, unfolded; nobody scrolls sideways on a small screen, and no script fails."""
    page = await open_reports(address, language)
    said = complaints_of(page)
    await page.reload()
    await without_barriers(page, translated=language != "en")
    assert said == []
    assert await page.evaluate("window.refused") == []


async def _drawn(page: Page) -> dict[str, int]:
    """How many points of the first chart have which color; what is transparent is left out."""
    found: dict[str, int] = await page.evaluate(
        """() => {
          const canvas = document.querySelector("[data-chart] canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const found = {};
          for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] < 255) continue;
            const color = [data[at], data[at + 1], data[at + 2]].join();
            found[color] = (found[color] ?? 0) + 1;
          }
          return found;
        }"""
    )
    return found


async def test_a_chart_is_drawn_under_the_strict_policy_in_the_colors_of_the_theme(open_reports: OpenReports) -> None:
    """It has the met and the breached of the table; a change of the theme redraws it, and nothing is refused."""
    page = await open_reports("/reports", color_scheme="light")
    await expect(page.locator("[data-chart] canvas")).to_have_count(1)
    policy = (await page.request.get(page.url)).headers["content-security-policy"]
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    light = await _drawn(page)
    assert light["27,122,67"] > 1000  # --ok
    assert light["179,38,30"] > 100  # --late
    await page.emulate_media(color_scheme="dark")
    await page.wait_for_function(
        "getComputedStyle(document.documentElement).getPropertyValue('--ok').trim() === '#74d19a'"
    )
    await expect(page.locator("[data-chart] canvas")).to_have_count(1)
    dark = await _drawn(page)
    assert dark["116,209,154"] > 1000
    assert "27,122,67" not in dark
    assert await page.evaluate("window.refused") == []


async def _heights(page: Page) -> tuple[list[list[float]], float]:
    """Of each bar of the first chart how high it is in points, what was met and all of it; and the height of the plot.

    A bar is looked at in its middle: up to where it has a color of its own, so that lines of the grid do not count.
    """
    found: tuple[list[list[float]], float] = await page.evaluate(
        """() => {
          const place = document.querySelector("[data-chart]");
          const canvas = place.querySelector("canvas");
          const [outer, plot] = [canvas, place.querySelector(".u-over")].map((each) => each.getBoundingClientRect());
          const scale = canvas.width / outer.width;
          const left = (plot.left - outer.left) * scale, width = plot.width * scale;
          const top = Math.round((plot.top - outer.top) * scale), height = Math.round(plot.height * scale);
          const rows = document.getElementById(place.dataset.chart).querySelectorAll("[data-at]").length;
          const pen = canvas.getContext("2d");
          const bars = [...Array(rows).keys()].map((at) => {
            const middle = Math.round(left + (width * (at + 0.6)) / (rows + 0.2));
            const highest = (color) => {
              for (let y = 0; y < height; y++) {
                const { data } = pen.getImageData(middle - 2, top + y, 5, 1);
                for (let x = 0; x < 20; x += 4)
                  if ([data[x], data[x + 1], data[x + 2]].join() === color && data[x + 3] === 255) return height - y;
              }
              return 0;
            };
            const met = highest("27,122,67");
            return [met, Math.max(met, highest("179,38,30"))];
          });
          return [bars, height];
        }"""
    )
    return found


async def test_a_chart_draws_the_numbers_of_the_call(open_reports: OpenReports) -> None:
    """Each step of the JSON answer is a row of the table, and a bar as high as its numbers: met, and breached on it."""
    page = await open_reports("/reports?zone=UTC", color_scheme="light")
    await expect(page.locator("[data-chart] canvas")).to_have_count(1)
    called = page.url.partition("/reports")[0] + "/v1/outcomes?zone=UTC"
    answer = await (await page.request.get(called, headers={"Authorization": f"Bearer {token_of(VIEWER)}"})).json()
    (report,) = [each for each in answer["promises"] if each["met"] + each["breached"]]
    steps = [[step["met"], step["breached"]] for step in report["over_time"]]
    rows: list[list[int]] = await page.locator("table[id^=table-] [data-at]").evaluate_all(
        "rows => rows.map((row) => [Number(row.dataset.met), Number(row.dataset.breached)])"
    )
    assert rows == steps
    bars, height = await _heights(page)
    most = max(met + breached for met, breached in steps)
    assert sum(1 for met, breached in steps if met and breached) > 10
    for (met, breached), drawn in zip(steps, bars, strict=True):
        expected = [height * met / most, height * (met + breached) / most]
        assert drawn == pytest.approx(expected, abs=3), (met, breached)


async def test_a_chart_is_told_in_words(open_reports: OpenReports) -> None:
    """A screen reader hears the sums and the worst day, and the table has every bar."""
    page = await open_reports("/reports")
    told = page.get_by_role(
        "img", name=re.compile(r"^[\d,]+ met, [\d,]+ breached\. Most breached: \w{3} \d+ \w{3} \(\d+\)\.$")
    )
    await expect(told).to_be_visible()
    await page.get_by_text("As a table").click()
    await expect(page.locator("table[id^=table-] tbody tr")).to_have_count(30)


async def test_reports_are_there_without_scripts(open_reports: OpenReports) -> None:
    """The tables are the truth; the form asks by itself, and its choice is in the address."""
    page = await open_reports("/reports", java_script_enabled=False)
    await expect(page.locator("[data-chart]").first).to_be_hidden()
    await page.get_by_text("Dates and filters").click()
    await page.locator("select[name=priority]").select_option("P1")
    await page.locator("form.leads button").click()
    assert "priority=P1" in page.url
    assert await page.locator("select[name=priority]").input_value() == "P1"
    await page.get_by_role("link", name="90 days").click()
    assert "priority=P1" in page.url
    assert "days=90" in page.url
    breached = page.locator(".leads-heads a.left-late")
    number = (await breached.text_content() or "").split()[0].replace(",", "")
    await breached.click()
    assert "/reports/breaches?" in page.url
    shown = 0
    while True:
        pills = await page.locator(".missed .pill").all_text_contents()
        assert set(pills) == {"P1"}
        shown += len(pills)
        older = page.get_by_role("link", name="Older")
        if not await older.count():
            break
        await older.click()
    assert shown == int(number)


async def test_the_keyboard_alone_narrows_a_report_and_opens_a_breach(open_reports: OpenReports) -> None:
    """Everything is a link or a field of a form, in the order of reading."""
    page = await open_reports("/reports")
    await page.locator(".narrow summary").focus()
    await page.keyboard.press("Enter")
    while await page.evaluate("document.activeElement.name") != "priority":
        await page.keyboard.press("Tab")
    await page.keyboard.type("P1")
    while await page.evaluate("document.activeElement.tagName") != "BUTTON":
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**priority=P1**")
    await page.locator(".leads-heads a.left-late").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/reports/breaches?**")
    link = page.locator(".missed .subject").first
    assert re.fullmatch(r"/cases/\S+", await link.get_attribute("href") or "")


KEPT = (
    ("/?show=all&priority=P1&text=the", "select[name=priority]", "P1"),
    ("/reports?days=90&priority=P1", "select[name=priority]", "P1"),
    ("/policy/what-if?plan=premier&account_type=business&country=DE", "select[name=country]", "DE"),
)


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize(("address", "field", "value"), KEPT)
async def test_another_language_is_another_language_of_what_is_shown(
    open_reports: OpenReports, address: str, field: str, value: str, scripts: bool
) -> None:
    """Filters, a period and a question stay as they were chosen; the address is the one that can be passed on."""
    page = await open_reports(address, java_script_enabled=scripts)
    before = page.url
    await page.get_by_role("link", name="Español").click()
    await expect(page.locator("html")).to_have_attribute("lang", "es")
    assert page.url == before
    assert await page.locator(field).input_value() == value
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url == before


async def test_a_table_is_saved_as_csv(open_reports: OpenReports) -> None:
    """From the page itself, with the filters of the page."""
    page = await open_reports("/reports?priority=P1")
    async with page.expect_download() as found:
        await page.locator("a[href*='table=milestone']").first.click()
    saved = await found.value
    assert saved.suggested_filename == "outcomes-milestone.csv"
    text = (await saved.path()).read_text(encoding="utf-8")
    assert text.startswith("promise,milestone,met,breached,near_misses,met_share\n")
