"""What a machine can find on a page that keeps somebody from using it: axe-core in both themes, and narrow screens."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

WIDTHS = (320, 390, 768, 1440)
# What axe-core reads from colors: all that a theme changes, and nothing that a language does. It takes two thirds of
# the time.
BY_COLOR = ("color-contrast", "link-in-text-block")
_ONLY_COLORS: dict[str, Any] = {"runOnly": list(BY_COLOR), "resultTypes": ["violations"]}
_ALL_BUT_COLORS: dict[str, Any] = {
    "rules": {rule: {"enabled": False} for rule in BY_COLOR},
    "resultTypes": ["violations"],
}


async def without_barriers(page: Page, *, translated: bool = False) -> None:
    """Nothing to be found on the page, with everything unfolded; and nobody scrolls sideways on a small screen.

    The colors are judged in either theme, the rest in one. `translated`: the colors of the page have been judged in
    another language.
    """
    if translated:
        await _judge(page, _ALL_BUT_COLORS)
    else:
        await page.emulate_media(color_scheme="light")
        await _judge(page, None)
        await page.emulate_media(color_scheme="dark")
        await _judge(page, _ONLY_COLORS)
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 900})
        needed = await page.evaluate("document.documentElement.scrollWidth")
        assert needed <= width, f"the page needs {needed} pixels, and has {width}"


async def _judge(page: Page, options: dict[str, Any] | None) -> None:
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    found = await (Axe().run(page) if options is None else Axe().run(page, options=options))
    assert found.violations_count == 0, found.generate_report()
