"""A board of several editions shows the one that is in force, from the instant at which it is."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from shared.policy.editions import EditionLibrary
from tests.harness.board_day import VIEWER, board_day
from tests.harness.shipped import shipped_edition
from tests.harness.sign_in import token_of

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


async def test_the_page_of_the_policy_changes_with_the_edition(tmp_path: Path) -> None:
    """While the board runs, and in that instant: a page of yesterday's rules is believed as well as one of today's."""
    old = shipped_edition("guidelines-2021")
    new = shipped_edition("objectives-2024").model_copy(update={"effective_from": NEW_YEAR})
    asked_at = [NEW_YEAR - TICK]
    board = board_day(tmp_path, library=EditionLibrary([old, new]), clock=lambda: asked_at[-1])
    person = {"Cookie": f"frontline_person={token_of(VIEWER)}", "Accept-Language": "en"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(board.app), base_url="http://board") as browser:
        for at, expected in ((NEW_YEAR - TICK, old), (NEW_YEAR, new), (NEW_YEAR + TICK, new)):
            asked_at.append(at)
            page = await browser.get("/policy", headers=person)
            assert page.status_code == 200
            (head,) = re.findall(r'<code>([^<]+)</code> · <time datetime="([^"]+)">', page.text)
            assert head == (expected.edition, f"{expected.effective_from:%Y-%m-%dT%H:%M:%SZ}")
