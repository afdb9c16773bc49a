"""Agents of two host applications on one case: the same `sub` in both is two agents."""

import json
import re
from dataclasses import replace
from pathlib import Path

import httpx

from shared.identity.minting import new_key_pair
from shared.pages.visit import PERSON
from tests.broker.board_calls import board_with_intake, does, listed, looking, opened, written
from tests.harness.sign_in import AGENT, token_hosts, token_of

KEY = new_key_pair("k2")
NAMESAKE = replace(AGENT, host="helpdesk", name="Eli")


def hosts() -> str:
    """FRONTLINE_TOKEN_HOSTS of both."""
    (first,), (second,) = json.loads(token_hosts()), json.loads(token_hosts(KEY))
    return json.dumps([first, second | {"name": NAMESAKE.host, "origins": []}])


async def page_of(http: httpx.AsyncClient, case: str) -> str:
    """The page of a case."""
    return (await http.get(f"/cases/{case}")).text


async def test_agents_of_two_applications_with_one_sub_are_two_agents(bootstrap: str, tmp_path: Path) -> None:
    """Neither has the case of the other, nor said what the other did; who takes it over is asked as anybody is."""
    async with board_with_intake(bootstrap, tmp_path, hosts()) as board:
        case = await opened(board)
        async with looking(board) as bo, looking(board) as eli:
            eli.cookies.set(PERSON, token_of(NAMESAKE, key=KEY))
            await does(bo, case, take="")
            await does(bo, case, text="We are on it.")
            assert "You have this case" in await page_of(bo, case)
            seen = await page_of(eli, case)
            assert re.search(r'taken" role="status"><span>desk-7 has this case', seen)
            assert case not in await listed(eli, "?show=mine")
            await does(eli, case, take="desk-7")
            assert "You have this case" in await page_of(eli, case)
            assert re.search(r'taken" role="status"><span>helpdesk/desk-7 has this case', await page_of(bo, case))
            assert case not in await listed(bo, "?show=mine")
        recorded = [(each.type, each.actor.id, each.to) for each in await written(board, case)]
    assert recorded == [
        ("assigned", "desk-7", "desk-7"),
        ("agent_replied", "desk-7", None),
        ("assigned", "helpdesk/desk-7", "helpdesk/desk-7"),
    ]
