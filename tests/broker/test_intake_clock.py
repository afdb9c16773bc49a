"""An intake whose clock is so wrong that Kafka refuses its records says so, and recovers once the clock is right."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from faststream.kafka import KafkaBroker

from shared.contracts import wire
from shared.contracts.structs import ActivityRecorded, EntitlementSet, SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, ENTITLEMENTS, REQUESTS
from shared.kafka import serde
from shared.wall_clock import utc_now
from tests.fault.system import CLOCK_FOLDER
from tests.harness.intake import ID_SECRET, api_keys, is_settled, key_of, log_of, running_intake, submission, topics_at
from tests.harness.processes import eventually
from tests.harness.service_process import service_process

URL = "/v1/support-requests"
TWO_HOURS = 2 * 3600.0
PAUSE = 2.0
ENTITLEMENT = {"plan": "premier", "account_type": "enterprise", "paid": True, "country": "ES", "contacts": []}


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
    assert log.count("kafka.connected") == 1, "at the start; not with each attempt while the clock is in doubt"
    assert log.count("clock.refused") == 1
    assert log.count("clock.accepted") == 1
    assert "kafka.unavailable" not in log


@pytest.mark.parametrize("step", [3600, -3600], ids=["ahead", "behind"])
async def test_what_comes_while_the_clock_has_jumped_is_dated_as_it_came(
    bootstrap: str, tmp_path: Path, step: int
) -> None:
    """Dated by a clock that somebody has just set wrong, a resolution would precede the reply before it, and a reply in
    time would be a breach.
    """
    await topics_at(bootstrap)
    clock, log_file = tmp_path / "clock", tmp_path / "intake.log"
    environment: dict[str, Any] = {
        "FRONTLINE_KAFKA_BOOTSTRAP": bootstrap,
        "FRONTLINE_API_KEYS": api_keys(),
        "FRONTLINE_ID_SECRET": ID_SECRET,
        "FRONTLINE_FAULT_CLOCK": str(clock),
        "PYTHONPATH": str(CLOCK_FOLDER),
    }
    account, began = f"jumps-{step}", utc_now()
    async with (
        service_process("intake", log_file, **environment) as intake,
        httpx.AsyncClient(
            base_url=intake.url, headers={"Authorization": f"Bearer {key_of('all')}"}, trust_env=False
        ) as http,
    ):
        await intake.start()
        await intake.until("/readyz", 200)
        case = (await http.post(URL, json=submission(account_id=account))).json()["request_id"]
        for number in range(4):
            if number == 1:
                clock.write_text(str(step))
            answer = await http.post(f"/v1/cases/{case}/activity", json={"type": "agent_replied"})
            assert answer.status_code == 202, answer.text
        assert (await http.put(f"/v1/accounts/{account}/entitlement", json=ENTITLEMENT)).status_code == 200
        await eventually(lambda: '"clock.paused"' in log_file.read_text(), 10, "the log says that the clock has jumped")
        assert 'frontline_clock_paused{service="intake"} 1.0' in (await http.get("/metrics")).text
    ended = utc_now()
    log = [*await log_of(bootstrap, ACTIVITY), *await log_of(bootstrap, ENTITLEMENTS)]
    written = [record for record in log if record.key in (case.encode(), account.encode())]
    events = [serde.decode(record)[1] for record in written]
    instants = [event.at for event in events if isinstance(event, ActivityRecorded)]
    instants += [event.set_at for event in events if isinstance(event, EntitlementSet)]
    assert len(instants) == 5
    assert instants == sorted(instants)
    assert began <= instants[0]
    assert instants[-1] <= ended
    assert all(began.timestamp() - 1 <= record.timestamp_ms / 1000 <= ended.timestamp() + 1 for record in written)
