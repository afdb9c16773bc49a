"""What the tests of the pages rely on: barriers are found wherever they are."""

import pytest
from playwright.async_api import Browser

from tests.browser.barriers import without_barriers

PAGE = """<!doctype html><html lang="en"><head><title>A page</title><style>
body { color: #000; background: #fff }
@media (prefers-color-scheme: dark) { body { color: #fff; background: #000 } }
@media (prefers-color-scheme: %s) { .faint { color: #777; background: #888 } }
</style></head><body><main><h1>A page</h1>%s</main></body></html>"""
FOLDED = "<details><summary>More</summary>%s</details>"
FAINT = '<p class="faint">Faint</p>'


@pytest.mark.parametrize(
    ("theme", "content", "translated", "found"),
    [
        ("light", FOLDED % FAINT, False, "color-contrast"),
        ("dark", FOLDED % FAINT, False, "color-contrast"),
        ("dark", FOLDED % "<button></button>", False, "button-name"),
        ("dark", FOLDED % "<button></button>", True, "button-name"),
        ("dark", '<p style="width: 400px">Wide</p>', True, "the page needs 4.. pixels, and has 320"),
    ],
)
async def test_a_barrier_is_found(chromium: Browser, theme: str, content: str, translated: bool, found: str) -> None:
    """In either theme, in a translation, and in what is folded."""
    context = await chromium.new_context()
    page = await context.new_page()
    await page.set_content(PAGE % (theme, content))
    with pytest.raises(AssertionError, match=found):
        await without_barriers(page, translated=translated)
    await page.set_content(PAGE % (theme, "<p>Nothing</p>"))
    await without_barriers(page, translated=translated)
    await context.close()
