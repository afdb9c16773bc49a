"""An intake whose clock is so wrong that Kafka refuses its records says so, and recovers once the clock is right."""

import asyncio
from typing import Any

import pytest
from faststream.kafka import KafkaBroker

from shared.contracts import wire
from shared.contracts.structs import SupportRequestSubmitted
from shared.contracts.topics import REQUESTS
from shared.kafka import serde
from shared.wall_clock import utc_now
from tests.harness.intake import is_settled, log_of, running_intake, submission, topics_at
from tests.harness.processes import eventually

URL = "/v1/support-requests"
TWO_HOURS = 2 * 3600.0
PAUSE = 2.0


class _Ahead:
    """Dates records so many seconds ahead, as the clock of a machine would that is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = 0.0
        publish = KafkaBroker.publish

        async def dated(broker: KafkaBroker, *arguments: Any, **given: Any) -> Any:
            at = utc_now().timestamp() + self.seconds
            return await publish(broker, *arguments, **given | {"timestamp_ms": int(at * 1000)})

        monkeypatch.setattr(KafkaBroker, "publish", dated)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> _Ahead:
    """The clock by which records are dated, with a short pause after Kafka has refused it."""
    monkeypatch.setattr("services.intake.publisher.CLOCK_PAUSE", PAUSE)
    return _Ahead(monkeypatch)


async def test_a_record_that_kafka_refuses_for_its_time_is_clock_wrong_until_the_clock_is_right(
    bootstrap: str, ahead: _Ahead, capsys: pytest.CaptureFixture[str]
) -> None:
    """An operator who reads that Kafka is unavailable looks in the wrong place while callers retry for ever."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap) as intake, intake.client() as http:
        ahead.seconds = TWO_HOURS
        bodies = [submission(account_id=f"ahead-{number}") for number in range(20)]
        answers = await asyncio.gather(*(http.post(URL, json=body) for body in bodies))
        for _ in range(3):  # the pause and what follows it, a few times
            answers.append(await http.post(URL, json=bodies[0], headers={"Idempotency-Key": "ahead"}))
            ready = await http.get("/readyz")
            assert ready.status_code == 503
            assert "clock" in ready.json()["checks"]["clock"]["detail"]
            assert (await http.get("/livez")).status_code == 200
            await eventually(lambda: is_settled(intake.service), 20, "the next record may try")
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.json()["type"] for answer in answers} == {"urn:frontline:problem:clock_wrong"}
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
        assert all(answer.headers["idempotency-key"] for answer in answers)
        ahead.seconds = 0.0
        accepted = await http.post(URL, json=bodies[0], headers={"Idempotency-Key": "ahead"})
        assert accepted.status_code == 202
        others = await asyncio.gather(*(http.post(URL, json=body) for body in bodies))
        assert {answer.status_code for answer in others} == {202}
        assert (await http.get("/readyz")).status_code == 200
    written = [record for record in await log_of(bootstrap, REQUESTS) if (record.key or b"").startswith(b"ahead-")]
    ids = [wire.decode(SupportRequestSubmitted, serde.read(record)[1]).request_id for record in written]
    assert sorted(ids) == sorted(answer.json()["request_id"] for answer in (accepted, *others))
    captured = capsys.readouterr()
    log = captured.out + captured.err
    assert log.count("clock.refused") == 1
    assert log.count("clock.accepted") == 1
    assert "kafka.unavailable" not in log
