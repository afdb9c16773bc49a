"""During an outage of Kafka no unwritten record is acknowledged, and a repeated call counts once.

The broker here is this file's own, because it is killed and frozen.
"""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.contracts import wire
from shared.contracts.structs import SupportRequestSubmitted
from shared.contracts.topics import ENTITLEMENTS, REQUESTS
from shared.embedded_kafka.broker import EmbeddedKafka
from shared.kafka import serde
from shared.kafka.ping import answers
from tests.harness.intake import Intake, is_settled, log_of, running_intake, submission
from tests.harness.processes import eventually

PUBLISH_TIMEOUT = 1.0
URL = "/v1/support-requests"


@pytest_asyncio.fixture(scope="module")
async def kafka() -> AsyncIterator[EmbeddedKafka]:
    """A broker that has an address but is not started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    broker = EmbeddedKafka(port=port)
    yield broker
    await broker.stop()


@pytest_asyncio.fixture(scope="module")
async def started(kafka: EmbeddedKafka) -> EmbeddedKafka:
    """The same, started unless a test before has done it."""
    if not await answers(kafka.bootstrap):
        await kafka.start()
    return kafka


def _intake(kafka: EmbeddedKafka, **given: Any) -> Any:
    return running_intake(kafka.bootstrap, publish_timeout_seconds=PUBLISH_TIMEOUT, **given)


@asynccontextmanager
async def _frozen(kafka: EmbeddedKafka) -> AsyncIterator[None]:
    """The broker keeps its connections and answers nothing."""
    os.kill(kafka.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(kafka.pid, signal.SIGCONT)


async def _ids_written(kafka: EmbeddedKafka, account: str) -> list[str]:
    """The request_id of every record of an account, repetitions included."""
    log = [record for record in await log_of(kafka.bootstrap, REQUESTS) if record.key == account.encode()]
    return [wire.decode(SupportRequestSubmitted, serde.read(record)[1]).request_id for record in log]


async def _until_accepted(http: httpx.AsyncClient, key: str, account: str, refused: list[int]) -> str:
    """Repeat a submission until it is accepted, as a client should, noting the refusals. Returns its id."""
    async with asyncio.timeout(90):
        while True:
            answer = await http.post(URL, json=submission(account_id=account), headers={"Idempotency-Key": key})
            if answer.status_code == 202:
                return str(answer.json()["request_id"])
            refused.append(answer.status_code)
            await asyncio.sleep(0.2)


async def test_intake_starts_without_kafka_and_accepts_calls_once_kafka_is_available(kafka: EmbeddedKafka) -> None:
    """Compose starts things in any order; a machine that boots does too. The topics are made when Kafka is there."""
    async with _intake(kafka, wait=False) as intake, intake.client() as http:
        assert (await http.get("/livez")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
        refused = await http.post(URL, json=submission(account_id="early"))
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:frontline:problem:kafka_unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        assert (await http.get(f"{URL}/anything")).json()["type"] == "urn:frontline:problem:catching_up"
        assert (await http.get("/v1/accounts/a/entitlement")).json()["type"] == "urn:frontline:problem:catching_up"
        await kafka.start()
        await eventually(lambda: is_settled(intake.service), 30, "intake has found Kafka")
        assert (await http.get("/readyz")).status_code == 200
        key = refused.headers["idempotency-key"]
        assert refused.json()["idempotency_key"] == key
        request_id = await _until_accepted(http, key, "early", [])
    assert await _ids_written(kafka, "early") == [request_id]


@pytest.fixture
def answer_in_time() -> Callable[[Awaitable[httpx.Response], float], Awaitable[httpx.Response]]:
    """Awaits an answer and fails if it took longer than so many seconds."""

    async def awaited(answer: Awaitable[httpx.Response], within: float) -> httpx.Response:
        began = time.monotonic()
        response = await answer
        assert time.monotonic() - began < within
        return response

    return awaited


async def test_only_the_first_call_waits_for_a_kafka_that_does_not_answer(
    started: EmbeddedKafka, answer_in_time: Callable[[Awaitable[httpx.Response], float], Awaitable[httpx.Response]]
) -> None:
    """The first call waits for the timeout; those after it are refused at once, instead of piling up.

    The log has the start and the end of the outage, however often and for whatever reasons intake fails meanwhile.
    """
    with capture_logs() as logged:
        await _refused_while_frozen(started, answer_in_time)
    actions = [line["action"] for line in logged if line.get("action", "").startswith(("kafka.", "view."))]
    assert [action for action in actions if action.startswith("kafka.")] == [
        "kafka.connected",
        "kafka.unavailable",
        "kafka.available",
    ]
    views = [(line["view"], line["action"]) for line in logged if line.get("action", "").startswith("view.")]
    assert len(views) == len(set(views)), "once for each view, if it has noticed the outage at all"


async def test_an_entitlement_call_notices_a_kafka_that_does_not_answer(started: EmbeddedKafka) -> None:
    """As a request does: the metric counts it, intake is not ready, and the calls after it are refused at once."""
    unacknowledged = "frontline_intake_records_unacknowledged_total", {"topic": ENTITLEMENTS.name, "reason": "timeout"}
    before = REGISTRY.get_sample_value(*unacknowledged) or 0
    entitlement = {"plan": "premier_plus", "account_type": "enterprise", "paid": True}
    async with _intake(started) as intake, intake.client() as http:
        url = "/v1/accounts/frozen/entitlement"
        async with _frozen(started):
            assert (await http.put(url, json=entitlement)).status_code == 503
            assert REGISTRY.get_sample_value(*unacknowledged) == before + 1
            assert not intake.service.publisher.connected
        await eventually(lambda: is_settled(intake.service), 30, "intake has found Kafka again")
        assert (await http.put(url, json=entitlement)).status_code == 200


async def _refused_while_frozen(
    started: EmbeddedKafka, answer_in_time: Callable[[Awaitable[httpx.Response], float], Awaitable[httpx.Response]]
) -> None:
    async with _intake(started) as intake, intake.client() as http:
        first, second = {"Idempotency-Key": "first"}, {"Idempotency-Key": "second"}
        async with _frozen(started):
            body = submission(account_id="frozen")
            refused = await answer_in_time(http.post(URL, json=body, headers=first), PUBLISH_TIMEOUT + 4)
            assert (refused.status_code, refused.headers["idempotency-key"]) == (503, "first")
            refused = await answer_in_time(http.post(URL, json=body, headers=second), PUBLISH_TIMEOUT)
            assert refused.status_code == 503
            assert (await http.get("/readyz")).status_code == 503
            assert (await http.get("/livez")).status_code == 200
            reasons: set[str] = set()
            async with asyncio.timeout(30):
                while len(reasons) < 2:
                    reasons.add((await http.get("/readyz")).json()["checks"]["kafka"]["detail"])
        ids = {await _until_accepted(http, key, "frozen", []) for key in ("first", "second")}
    # The first record was under way and is written late, once; its repetition is known for the same request.
    assert set(await _ids_written(started, "frozen")) == ids
    assert len(ids) == 2


async def test_a_killed_kafka_loses_no_acknowledged_record(started: EmbeddedKafka) -> None:
    """Clients that repeat their calls with their keys end with exactly one request for each key.

    Another instance, which only reads, goes on where it was and knows all of them in the end.
    """
    acknowledged: dict[str, str] = {}
    refused: list[int] = []

    async def client(intake: Intake, name: str) -> None:
        async with intake.client() as http:
            for number in range(15):
                key = f"{name}-{number}"
                acknowledged[key] = await _until_accepted(http, key, "killed", refused)

    async def killer() -> None:
        await eventually(lambda: len(acknowledged) >= 10, 30, "some requests are acknowledged")
        os.kill(started.pid, signal.SIGKILL)
        await started.died()
        await eventually(lambda: len(refused) >= 4, 30, "calls are refused while Kafka is away")
        await started.start()

    async with _intake(started) as other:
        async with _intake(started) as intake, asyncio.TaskGroup() as group:
            group.create_task(killer())
            for name in ("a", "b", "c", "d"):
                group.create_task(client(intake, name))
        assert set(refused) == {503}
        assert len(set(acknowledged.values())) == len(acknowledged) == 60
        assert set(await _ids_written(started, "killed")) == set(acknowledged.values())
        submitted_at = other.service.recent.submitted_at
        await eventually(lambda: all(map(submitted_at, acknowledged.values())), 30, "the other instance knows them all")


async def test_intake_starts_over_with_an_empty_kafka(started: EmbeddedKafka) -> None:
    """Another Kafka at the same address, or ours without its data: it knows neither our topics nor our producer."""
    async with _intake(started) as intake, intake.client() as http:
        await _until_accepted(http, "before", "emptied", [])
        await started.stop()  # its folder goes with it
        await started.start()
        request_id = await _until_accepted(http, "after", "emptied", [])
        again = await _until_accepted(http, "before", "emptied", [])  # the new Kafka does not have it
    assert set(await _ids_written(started, "emptied")) == {request_id, again}
