"""The board is as its OpenAPI document says: Schemathesis finds nothing, with the cases of a day and dead letters."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from shared.contracts.topics import ACTIVITY
from shared.kafka import dead_letters
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Record
from tests.harness.board_log import BoardLog
from tests.harness.demo_day import ENDS, demo_day
from tests.harness.examples import SETTING, examples
from tests.harness.fuzzed_board import fuzzed_board
from tests.harness.fuzzing import Fuzzing
from tests.harness.operations_board import API_KEY, OperationsBoard, running_operations_board

SOME = 5


class Filled(NamedTuple):
    """A board of a recorded day; some of its cases, and its dead letters."""

    board: OperationsBoard
    cases: list[str]
    letters: list[str]


@pytest_asyncio.fixture(scope="module")
async def filled(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Filled]:
    """It stays at the end of that day. A record that is replayed is one that nobody reads."""
    log = BoardLog(bootstrap, demo_day())
    await log.prepare()
    await log.write(log.records)
    async with running_operations_board(
        bootstrap, tmp_path_factory.mktemp("board"), lambda: ENDS, kafka=log.settings
    ) as board:
        letters = [await _dead_letter(board, offset) for offset in range(SOME)]
        async with board.client(None) as http:
            listed = (await http.get("/v1/cases", params={"limit": SOME})).json()["cases"]
            named = (await http.get("/v1/operations")).json()["dead_letters"]["letters"]
        assert len(listed) == SOME
        assert {each["id"] for each in named} == {*letters}
        yield Filled(board, [case["case_id"] for case in listed], letters)


async def _dead_letter(board: OperationsBoard, offset: int) -> str:
    """One as escalation writes them; its id."""
    record = Record(ACTIVITY.name, 0, offset, -1, b"key", b"{}", ())
    await board.write(dead_letters.to_output(DeadLetter("malformed_event", "no type", "escalation", ENDS, record)))
    return f"{ACTIVITY.name}:0:{offset}"


@pytest.mark.parametrize("calls", ["admitted", "refused"])
async def test_schemathesis_finds_nothing(filled: Filled, tmp_path: Path, calls: str) -> None:
    """Few examples here; `make api-fuzz` tries many, others each time."""
    fuzzed = fuzzed_board(filled.board.url, API_KEY, ENDS.date(), filled.cases, filled.letters)
    fuzzing = Fuzzing(fuzzed, tmp_path, examples(2), SETTING in os.environ)
    verdict = await (fuzzing.admitted() if calls == "admitted" else fuzzing.refused())
    assert verdict.is_clean, verdict.report
