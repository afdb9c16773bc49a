"""What a customer's call may ask of the board."""

from pathlib import Path

import httpx
import pytest

from tests.harness.board_day import board_day
from tests.harness.sign_in import AGENT, ANA, token_of


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/cases/changes"])
@pytest.mark.parametrize("query", ["assigned_to=desk-7", "assigned_to=", "needs_triage=true"])
async def test_a_customer_does_not_list_by_what_their_rows_do_not_show(tmp_path: Path, path: str, query: str) -> None:
    """Else they would learn who has their case, and what the desk thinks of it, one question at a time."""
    board = board_day(tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(board.app), base_url="http://board") as http:
        refused = await http.get(f"{path}?{query}", headers={"Authorization": f"Bearer {token_of(ANA)}"})
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:frontline:problem:missing_scope")
        listed = await http.get(f"/v1/cases?{query}", headers={"Authorization": f"Bearer {token_of(AGENT)}"})
        assert listed.status_code == 200
