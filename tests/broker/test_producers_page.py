"""docs/producers.md is correct: its programs send a request once, whatever the network and Kafka do meanwhile.

They run as processes of their own, as somebody would paste them, against a real intake.
"""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from shared.contracts import wire
from shared.contracts.structs import SupportRequestSubmitted
from shared.contracts.topics import REQUESTS
from shared.kafka import serde
from tests.broker.intake_calls import submit, unique
from tests.fault.tcp_proxy import TcpProxy
from tests.harness.intake import Intake, key_of, log_of, running_intake, topics_at
from tests.harness.lossy_proxy import LossyProxy, lossy_proxy
from tests.harness.node import node
from tests.harness.page import blocks
from tests.harness.processes import eventually

RETRY_AFTER = 2.0  # seconds that intake asks for while Kafka is unavailable
LANGUAGES = ("python", "js")


class Ended(NamedTuple):
    """How a program ended."""

    code: int | None
    output: str
    complaints: str


def request_on_the_page() -> dict[str, Any]:
    """The request that both programs read."""
    found: dict[str, Any] = json.loads(blocks("producers.md", "json")[0].text)
    return found


async def run(language: str, url: str, key: str, body: Any, folder: Path, client: str = "all") -> Ended:
    """Run the program of the page, which sends `body` under `key`."""
    (program,) = blocks("producers.md", language)
    if language == "python":
        command, file = sys.executable, folder / "submit.py"
    else:
        command, file = node("docs/producers.md in JavaScript"), folder / "submit.mjs"
    file.write_text(program.text, encoding="utf-8")
    environment = os.environ | {"FRONTLINE_URL": url, "FRONTLINE_KEY": key_of(client)}
    process = await asyncio.create_subprocess_exec(
        *(command, str(file), key), env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        output, complaints = await asyncio.wait_for(process.communicate(json.dumps(body).encode()), 90)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode, output.decode(), complaints.decode())


async def ids_written(bootstrap: str, account: str) -> list[str]:
    """The request_id of every record of an account, repetitions included."""
    log = [record for record in await log_of(bootstrap, REQUESTS) if record.key == account.encode()]
    return [wire.decode(SupportRequestSubmitted, serde.read(record)[1]).request_id for record in log]


class Outage(NamedTuple):
    """An intake that has not found Kafka, and the link that it will find Kafka by."""

    intake: Intake
    link: TcpProxy


@pytest_asyncio.fixture
async def outage(bootstrap: str) -> AsyncIterator[Outage]:
    """Kafka is unavailable until the link passes."""
    await topics_at(bootstrap)
    host, _, port = bootstrap.rpartition(":")
    link = TcpProxy(int(port), host)
    link.set("cut")
    await link.start()
    try:
        async with running_intake(f"127.0.0.1:{link.port}", wait=False) as intake:
            yield Outage(intake, link)
    finally:
        await link.close()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_outage_a_lost_answer_and_half_an_answer_make_one_request(
    outage: Outage, bootstrap: str, language: str, tmp_path: Path
) -> None:
    """Kafka is unavailable for the first call. Of the answers of those that count, one is lost, then half of one."""
    account = unique(language)
    body = {**request_on_the_page(), "account_id": account}

    async def end_of_outage(proxy: LossyProxy) -> None:
        await eventually(lambda: 503 in proxy.statuses, 60, "the program meets the outage")
        outage.link.set("pass")

    async with (
        lossy_proxy(outage.intake.url, fates=("lost", "cut")) as proxy,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(end_of_outage(proxy))
        ended = await run(language, proxy.url, "form-4711", body, tmp_path)
    assert ended.code == 0, ended.complaints
    assert proxy.statuses[-3:] == [202, 202, 202], ended.complaints
    assert await ids_written(bootstrap, account) == [json.loads(ended.output)["request_id"]]
    for refused, repeated in pairwise(proxy.seen):
        assert refused.status != 503 or repeated.at - refused.at >= RETRY_AFTER


async def test_without_a_key_a_lost_answer_makes_two_requests(intake: Intake) -> None:
    """Else the test above would show nothing."""
    body = {**request_on_the_page(), "account_id": unique("no-key")}
    async with lossy_proxy(intake.url, fates=("lost",)) as proxy, intake.client() as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post(f"{proxy.url}/v1/support-requests", json=body)
        assert (await http.post(f"{proxy.url}/v1/support-requests", json=body)).status_code == 202
    assert len({*await ids_written(intake.bootstrap, body["account_id"])}) == 2


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_refusal_ends_the_program_at_once_with_each_wrong_field(
    intake: Intake, language: str, tmp_path: Path
) -> None:
    """Another attempt would be refused as well."""
    body = {**request_on_the_page(), "channel": "carrier_pigeon"}
    async with lossy_proxy(intake.url) as proxy:
        ended = await run(language, proxy.url, "form-1", body, tmp_path)
    assert (ended.code, proxy.statuses) == (1, [422])
    assert re.search("refused: 422 .*; channel must be one of help_center, ", ended.complaints)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_pause_that_is_longer_than_its_patience_ends_the_program(
    intake: Intake, language: str, tmp_path: Path
) -> None:
    """A key that allows three calls an hour asks for more than the 15 minutes for which the program repeats."""
    for number in range(3):
        await submit(intake, f"{language}-{number}", client="hurried", account_id="hurried")
    async with lossy_proxy(intake.url) as proxy:
        ended = await run(language, proxy.url, "form-2", request_on_the_page(), tmp_path, client="hurried")
    assert (ended.code, proxy.statuses) == (1, [429])
    assert "not answered: answer 429, after 1 attempts" in ended.complaints
