"""`frontline up --test-clock`: a test advances the time of the whole system, and the promises of days take moments."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio

from services.cli.progress import Progress
from services.cli.system import Options, System, SystemFailed
from shared.contracts.structs import ClockStarted
from shared.contracts.topics import CASES, ESCALATIONS, Topic
from shared.kafka import serde
from shared.kafka.committed_reader import read_to_end
from shared.kafka.settings import KafkaSettings
from shared.wall_clock import utc_now
from tests.harness.asking import fields
from tests.harness.command_line import frontline_text
from tests.harness.processes import eventually, is_running
from tests.harness.up import Up, running

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MADRID = ZoneInfo("Europe/Madrid")
SEEN_WITHIN = 20.0
# What the edition that ships promises for a P1 of Premier+, as (share of the target, event, level) by milestone.
CHAIN = [
    ("first_response", 0.75, "warned 0"),
    ("first_response", 1.0, "breached"),
    ("first_response", 1.0, "raised 1"),
    ("first_response", 1.5, "raised 2"),
    ("restoration", 0.75, "warned 0"),
    ("restoration", 1.0, "breached"),
    ("restoration", 1.0, "raised 1"),
    ("restoration", 1.5, "raised 2"),
]
TARGETS = {"first_response": HOUR, "restoration": 4 * HOUR}

# A whole system starts; other tests keep this machine busy.
pytestmark = pytest.mark.timeout(300)


@dataclass
class Travels:
    """A running system and calls to it."""

    up: Up
    logs: Path
    kafka: KafkaSettings
    http: httpx.AsyncClient

    async def advance(self, by: timedelta) -> datetime:
        """Advance the time of the system; returns its new time."""
        answer = await self.http.post("/v1/test-clock", json={"advance_seconds": by.total_seconds()})
        assert answer.status_code == 200, answer.text
        assert answer.json().keys() == {"now"}
        return datetime.fromisoformat(answer.json()["now"])

    async def advance_to(self, instant: datetime) -> None:
        """Advance to this instant."""
        await self.advance(instant - await self.advance(timedelta()))

    async def submit(self, account: str = "demo-premier-plus-enterprise", **given: str) -> str:
        """Submit a request of a listed admin; returns its id."""
        body = {
            "account_id": account, "channel": "web_ticket", "subject": "Down", "description": "All of it",
            "requester": {"requester_id": "listed-admin", "role": "admin", "licensed": True}, "fields": fields(**given),
        }  # fmt: skip
        answer = await self.http.post("/v1/support-requests", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["request_id"])

    async def status(self, case: str, good: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The status of a request once it is good."""
        until = asyncio.get_running_loop().time() + SEEN_WITHIN
        while not good(status := (await self.http.get(f"/v1/support-requests/{case}")).json()):
            assert asyncio.get_running_loop().time() < until, status
            await asyncio.sleep(0.005)
        return dict(status)

    async def happened(self, case: str, *kinds: str) -> list[dict[str, Any]]:
        """The clock events of a case, without the starts, once they are these."""
        status = await self.status(case, lambda status: words(status["events"]) == list(kinds))
        return [event for event in status["events"] if is_of_timer(event)]

    async def opened(self, case: str) -> dict[str, datetime]:
        """When each clock of a case is due, once they have started."""
        status = await self.status(case, lambda status: any("started" in e["type"] for e in status["events"]))
        return {e["milestone"]: instant(e["due_at"]) for e in status["events"] if "started" in e["type"]}

    async def metric(self, histogram: str, at_most: str) -> float:
        """How many values of escalation were at most this."""
        lines = (await self.http.get(f"{(await self.up.ready())['urls']['escalation']}/metrics")).text.splitlines()
        (line,) = (line for line in lines if line.startswith(f"{histogram}_bucket") and f'le="{at_most}"' in line)
        return float(line.rpartition(" ")[2])

    async def events(self, case: str, topic: Topic) -> list[Any]:
        """The events of a case, whose records Kafka has dated by true time."""
        records = [record async for record in read_to_end(self.kafka, [topic.name]) if record.key == case.encode()]
        assert all(abs(record.timestamp_ms / 1000 - utc_now().timestamp()) < 300 for record in records)
        return [serde.decode(record)[1] for record in records]


def is_of_timer(event: dict[str, Any]) -> bool:
    """Whether a timer has published this event of a status."""
    return event["type"].split(".")[2] in ("warned", "breached", "raised", "suppressed")


def words(events: Sequence[dict[str, Any]]) -> list[str]:
    """The events of timers in short: `raised 2`."""
    kinds = [(event["type"].split(".")[2], event.get("level")) for event in events if is_of_timer(event)]
    return [kind if level is None else f"{kind} {level}" for kind, level in kinds]


def instant(text: str) -> datetime:
    """An instant of an answer."""
    return datetime.fromisoformat(text)


@pytest_asyncio.fixture(scope="module")
async def travels(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Travels]:
    """One system for the tests of this file, on the Kafka of the session. Its time only goes forwards."""
    folder = tmp_path_factory.mktemp("up")
    data, namespace = folder / "data", f"clock-{uuid4().hex[:8]}"
    options = ("--test-clock", "--data", str(data), "--kafka", bootstrap)
    async with running(folder, *options, FRONTLINE_NAMESPACE=namespace, FRONTLINE_LOG_FORMAT="json") as up:
        ready = await up.ready()
        kafka = KafkaSettings(kafka_bootstrap=bootstrap, namespace=namespace)
        headers = {"Authorization": f"Bearer {ready['admin_key']}"}
        async with httpx.AsyncClient(
            base_url=ready["intake_url"], headers=headers, timeout=60, trust_env=False
        ) as http:
            yield Travels(up, data / "logs", kafka, http)
        up.process.terminate()
        await up.process.wait()


async def test_the_whole_chain_of_a_p1_takes_about_a_second(travels: Travels) -> None:
    """Warning, breach and levels come in order, each at its instant and none before the clock has passed it."""
    case = await travels.submit()
    opened = await travels.opened(case)
    received = opened["first_response"] - HOUR
    assert opened == {milestone: received + target for milestone, target in TARGETS.items()}
    instants = sorted({received + share * TARGETS[milestone] for milestone, share, _ in CHAIN})
    began, seen = time.monotonic(), 0
    for due in instants:
        await travels.advance_to(due - timedelta(minutes=1))
        assert len(await travels.happened(case, *(kind for *_, kind in CHAIN[:seen]))) == seen
        await travels.advance(timedelta(minutes=2))
        seen = sum(received + share * TARGETS[milestone] <= due for milestone, share, _ in CHAIN)
        await travels.happened(case, *(kind for *_, kind in CHAIN[:seen]))
    took = time.monotonic() - began
    print(f"{2 * len(instants)} advances and {seen} events: {took:.2f} s of true time, 6 h of event time")
    assert seen == len(CHAIN)
    assert took < 10, "some 0.6 s on a quiet machine"

    fired = [event for event in await travels.events(case, ESCALATIONS) if not isinstance(event, ClockStarted)]
    assert [(event.milestone, event.at) for event in fired] == [
        (milestone, received + share * TARGETS[milestone]) for milestone, share, _ in CHAIN
    ]
    for event in fired:
        assert event.at < event.observed_at < event.at + timedelta(minutes=2), "on time, and never early"
    at_once, timers = [await travels.metric("frontline_timer_fired_late_seconds", part) for part in ("0.1", "+Inf")]
    assert at_once >= timers / 2 > 0, "an advance wakes the task, which else looks at the clock once a second"


async def test_a_weekend_passes_at_once_and_business_hours_stand_still_in_it(travels: Travels) -> None:
    """A P2 of Friday afternoon is due on Monday: not even at midnight of Sunday is anything late."""
    local = (await travels.advance(timedelta())).astimezone(MADRID)
    friday = local.replace(hour=17, minute=0, second=0, microsecond=0) + (11 - local.weekday()) * DAY
    await travels.advance_to(friday)
    case = await travels.submit(impact="significant")
    due = (await travels.opened(case))["first_response"]
    sunday_night = friday + 2 * DAY + 6 * HOUR
    assert due > sunday_night, "of Monday, or later where that is a holiday"
    await travels.advance_to(sunday_night)
    await travels.happened(case)
    await travels.advance_to(due - timedelta(minutes=1))
    await travels.happened(case, "warned 0")
    await travels.advance(timedelta(minutes=2))
    breach = (await travels.happened(case, "warned 0", "breached", "raised 1"))[1]
    assert (instant(breach["at"]), instant(breach["breached_at"])) == (due, due)


async def test_commands_go_by_the_clock_of_the_system(travels: Travels) -> None:
    """By true time, a promise that the services have broken would still run, and a migration would break nothing."""
    case = await travels.submit()
    due = (await travels.opened(case))["first_response"]
    await travels.advance_to(due + timedelta(minutes=10))
    await travels.happened(case, "warned 0", "breached", "raised 1")
    environment = {
        "FRONTLINE_KAFKA_BOOTSTRAP": travels.kafka.kafka_bootstrap,
        "FRONTLINE_NAMESPACE": travels.kafka.namespace,
        "FRONTLINE_URL": (await travels.up.ready())["intake_url"],
    }

    async def told(*arguments: str) -> Any:
        done = await asyncio.to_thread(frontline_text, *arguments, "--json", environment=environment)
        assert done.returncode == 0, done.stderr
        return next(found for line in done.stdout.splitlines() if (found := json.loads(line))["case_id"] == case)

    clocks = (await told("explain", case))["clocks"]
    (clock,) = (each for each in clocks if each["milestone"] == "first_response")
    assert clock["late"]
    assert clock["used_seconds"] >= (HOUR + timedelta(minutes=10)).total_seconds()
    preview = await told("policy", "migrate", "objectives-2024", "--case", case)
    (change,) = (each for each in preview["clocks"] if each["milestone"] == "first_response")
    assert change["before"]["late"]
    assert preview["breaches"] == [{"milestone": "periodic_update", "instance": 1}]  # of each hour, by that edition


async def test_what_is_written_after_days_is_taken_by_every_service(travels: Travels) -> None:
    """Kafka refuses records that are dated ahead of its clock, and readers those that are dated ahead of theirs."""
    await travels.advance(10 * DAY)
    account = {"plan": "premier_plus", "account_type": "enterprise", "paid": True, "country": "ES"}
    entitlement = "/v1/accounts/traveller/entitlement"
    for _ in range(2):
        assert (await travels.http.put(entitlement, json=account)).status_code == 200
        case = await travels.submit("traveller")
        await travels.status(case, lambda status: status["decision"] is not None)
        (decided,) = await travels.events(case, CASES)
        assert decided.entitlement.plan == "premier_plus"
        assert (await travels.http.delete(entitlement)).status_code == 204
        assert (await travels.http.get(entitlement)).status_code == 404
    answer = await travels.http.post(f"/v1/cases/{case}/activity", json={"type": "agent_replied"})
    assert answer.status_code == 202
    await travels.status(case, lambda status: any("fulfilled" in event["type"] for event in status["events"]))
    assert await travels.events(case, ESCALATIONS)


async def test_an_advance_waits_for_a_service_that_is_restarting(travels: Travels) -> None:
    """It comes up with the advanced time, fires what became due meanwhile, and raises no alarm about it."""
    case = await travels.submit()
    await travels.opened(case)
    ready = await travels.up.ready()
    os.kill(ready["pids"]["escalation"], signal.SIGTERM)
    await eventually(lambda: not is_running(ready["pids"]["escalation"]), SEEN_WITHIN, "escalation has ended")
    before = await travels.advance(timedelta())
    assert await travels.advance(2 * HOUR) >= before + 2 * HOUR
    await travels.happened(case, "warned 0", "breached", "raised 1", "raised 2")
    again = await travels.up.ready(but_not=ready)
    assert again["pids"]["escalation"] != ready["pids"]["escalation"]
    os.kill(again["pids"]["intake"], signal.SIGTERM)
    await travels.up.ready(but_not=again)
    assert await travels.advance(timedelta()) >= before + 2 * HOUR, "intake, too"
    await travels.status(case, lambda status: "events" in status)  # and it reads its views again


async def test_of_two_advances_at_once_both_count(travels: Travels) -> None:
    """Two tests that share a system, or one that gathers its calls."""
    before = await travels.advance(timedelta())
    after = await asyncio.gather(travels.advance(HOUR), travels.advance(HOUR), travels.advance(timedelta()))
    assert max(after) >= before + 2 * HOUR
    assert timedelta() <= await travels.advance(timedelta()) - before - 2 * HOUR < timedelta(seconds=60)


async def test_the_logs_name_the_test_clock_and_nothing_that_is_wrong(travels: Travels) -> None:
    """Each process says loudly what it is; no auditor, no watched clock and no view complains."""
    for service in ("intake", "board", "router", "escalation"):
        log = (travels.logs / f"{service}.log").read_text(encoding="utf-8")
        assert "TEST CLOCK" in log
        for action in ("timers.overdue", "clock.paused", "clock.refused", "dead_letter", "view.record_skipped"):
            assert f'"{action}' not in log
    metrics = (await travels.http.get("/metrics")).text
    assert "frontline_clock_paused" in metrics
    assert "frontline_view_unreadable_records_total{" not in metrics


async def test_a_replay_of_the_log_is_identical(travels: Travels) -> None:
    """Time is an argument: the log of a system that travelled is a log like any other."""
    done = frontline_text(
        *("replay", "--from-topic", "--kafka", travels.kafka.kafka_bootstrap),
        environment={"FRONTLINE_NAMESPACE": travels.kafka.namespace},
    )
    assert done.returncode == 0, done.stdout


async def test_a_folder_whose_clock_was_advanced_is_not_used_without_one(travels: Travels) -> None:
    """Its records are dated ahead of true time: services without the clock would take them for the future's."""
    data = travels.logs.parent
    with Progress() as progress, pytest.raises(SystemFailed, match="start it with --test-clock again"):
        await System(Options(data, travels.kafka.kafka_bootstrap, 0), progress).start()
