"""`frontline explain` on a real log: one case among others, with the edition that decided it."""

import json
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest_asyncio
from aiokafka import AIOKafkaProducer

from services.cli.case_log_reader import read_cases
from shared.business_time.instants import to_micros
from shared.contracts.topics import ACTIVITY, CASES, Topic
from shared.explain.case_log import ISOLATED
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Headers
from shared.kafka.settings import KafkaSettings, load
from shared.kafka.topic_admin import apply_topics
from shared.sla import isolated_case
from shared.sla.isolated_case import IsolatedCase
from shared.sla.packing import pack_id
from tests.harness.asking import MONDAY_NOON
from tests.harness.command_line import frontline_text
from tests.harness.decided import published, routed
from tests.topology.escalation.desk import TaskDesk, as_record


@pytest_asyncio.fixture
async def case_id(bootstrap: str) -> AsyncIterator[str]:
    """A case in the log, an hour and a half old, with its events, and another case."""
    await apply_topics(load(KafkaSettings, kafka_bootstrap=bootstrap))
    desk = TaskDesk()
    mine, other = uuid4().hex, uuid4().hex
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for case in (mine, other):
            value, headers = as_record(CASES, case, desk.case(case))
            desk.driver.pipe(CASES, case, value, headers)
            await producer.send_and_wait(CASES.name, value, case.encode(), headers=list(headers))
        desk.passes(timedelta(minutes=90))
        for output in desk.driver.produced:
            await producer.send_and_wait(output.topic, output.value, output.key, headers=list(output.headers))
        for edition in desk.library.editions:
            output = published(edition)
            await producer.send_and_wait(output.topic, output.value, output.key, headers=list(output.headers))
    yield mine


def frontline(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its users do; on a machine that speaks English, unless `environment` says otherwise."""
    return frontline_text("explain", *arguments, environment={"LC_ALL": "C.UTF-8", **environment})


async def test_a_case_is_explained_from_the_log_alone(bootstrap: str, case_id: str) -> None:
    """The decision, the deadline with its ledger, and what was published about this case and no other."""
    done = frontline(case_id, "--kafka", bootstrap, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["case_id"], found["priority"], found["assigned_channel"]) == (case_id, "P1", "phone")
    first = next(clock for clock in found["clocks"] if clock["milestone"] == "first_response")
    assert first["due_at"] == "2026-11-23T13:00:00Z"
    assert [entry["seconds"] for entry in first["ledger"]] == [3600]
    types = [entry["type"] for entry in found["history"] if entry["milestone"] == "first_response"]
    assert types == ["clock.started", "clock.warned", "clock.breached", "escalation.raised"]


async def test_a_case_is_explained_though_its_edition_is_not_configured(bootstrap: str, case_id: str) -> None:
    """The edition is in the log, for whoever has no policy files or has edited them since."""
    done = frontline(case_id, "--kafka", bootstrap, "--json", FRONTLINE_POLICIES="objectives-2024")
    assert (done.returncode, done.stderr) == (0, "")
    first = next(clock for clock in json.loads(done.stdout)["clocks"] if clock["milestone"] == "first_response")
    assert first["rules"]["target"]["edition"] == "guidelines-2021"


async def test_a_case_is_explained_for_people(bootstrap: str, case_id: str) -> None:
    """Text by default."""
    done = frontline(case_id, "--kafka", bootstrap)
    assert done.returncode == 0
    assert "Why this channel" in done.stdout
    assert "due 2026-11-23 14:00:00" in done.stdout


async def test_a_case_is_explained_in_spanish(bootstrap: str, case_id: str) -> None:
    """The same data with its reasons in Spanish; as text by `--lang`, or because the machine speaks Spanish."""
    found = json.loads(frontline(case_id, "--kafka", bootstrap, "--lang", "es", "--json").stdout)
    first = next(clock for clock in found["clocks"] if clock["milestone"] == "first_response")
    assert [(entry["reason"], entry["because"]) for entry in first["ledger"]] == [("elapsed", "a todas horas")]
    assert (first["rules"]["target"]["rule"], first["rules"]["target"]["edition"]) == ("targets[0]", "guidelines-2021")
    assert first["rules"]["target"]["because"] == "P1 con el plan Premier+, según la decisión"
    assert [(call["level"], call["called"]) for call in first["calls"]] == [
        (0, "case_tier"),
        (1, "tier2"),
        (2, "technical_account_manager"),
    ]
    assert found["trace"][0]["because"] == "la cuenta se conoce: plan Premier+, cuenta Enterprise, de pago"
    for done in (
        frontline(case_id, "--kafka", bootstrap, "--lang", "es"),
        frontline(case_id, "--kafka", bootstrap, LC_ALL="", LANG="es_ES.UTF-8"),
    ):
        assert "Por qué este canal" in done.stdout
        assert "vencía el 2026-11-23 14:00:00" in done.stdout


async def test_an_isolated_case_is_explained_by_what_escalation_stores_of_it(bootstrap: str) -> None:
    """Read from its changelog, the entry of this case and no other, in a namespace of its own."""
    settings = load(KafkaSettings, kafka_bootstrap=bootstrap, namespace=f"isolated-{uuid4().hex[:8]}", partitions=2)
    await apply_topics(settings)
    desk = TaskDesk()
    mine, other, well = (uuid4().hex for _ in range(3))
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for case in (mine, other, well):
            value, headers = as_record(CASES, case, desk.case(case))
            await _send(producer, settings, CASES, case, (case.encode(), value), headers)
        for case, error in ((other, "KeyError"), (mine, "ValueError")):
            stored = isolated_case.encode(IsolatedCase("cases", 0, to_micros(MONDAY_NOON), error), 0)
            await _send(producer, settings, ISOLATED, case, (pack_id(case), stored))
    environment = {"FRONTLINE_NAMESPACE": settings.namespace, "FRONTLINE_PARTITIONS": "2"}
    done = frontline(mine, "--kafka", bootstrap, "--json", **environment)
    isolation = json.loads(done.stdout)["isolation"]
    assert (isolation["error"], isolation["since"]) == ("ValueError", "2026-11-23T12:00:00Z")
    done = frontline(well, "--kafka", bootstrap, "--json", **environment)
    assert json.loads(done.stdout)["isolation"] is None


async def _send(
    producer: AIOKafkaProducer,
    settings: KafkaSettings,
    topic: Topic,
    case: str,
    record: tuple[bytes, bytes],
    headers: Headers = (),
) -> None:
    """One record on the partition of its case."""
    key, value = record
    name, partition = settings.names.physical(topic.name), partition_for(case.encode(), settings.partitions)
    await producer.send_and_wait(name, value, key, partition=partition, headers=list(headers))


async def test_json_is_the_same_whatever_language_the_machine_has(bootstrap: str, case_id: str) -> None:
    """Programs do not read the locale: without --lang reasons are in English."""
    done = frontline(case_id, "--kafka", bootstrap, "--json", LC_ALL="es_ES.UTF-8")
    found = json.loads(done.stdout)
    assert found["trace"][0]["because"].startswith("the account is known")
    assert {entry["because"] for clock in found["clocks"] for entry in clock["ledger"]} == {"round the clock"}


async def test_a_case_that_cannot_be_explained_has_a_reason(bootstrap: str, case_id: str) -> None:
    """One line on standard error, nothing on standard output, and an exit code."""
    unknown = frontline(case_id[::-1], "--kafka", bootstrap, "--json")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "the log has no case" in unknown.stderr
    away = frontline(case_id, "--kafka", "127.0.0.1:1")
    assert (away.returncode, away.stdout) == (1, "")
    assert len(away.stderr.splitlines()) == 1
    assert "127.0.0.1:1" in away.stderr
    nameless = frontline()
    assert nameless.returncode == 2


async def test_a_case_is_found_by_its_account_or_as_the_newest(bootstrap: str, case_id: str) -> None:
    """People know their account, or that it has just happened; the id is 56 digits, and stands in some other window."""
    account, here = f"account-{case_id}", ("--kafka", bootstrap)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for number in (1, 2, 3):
            later = datetime(2120, 1, number, tzinfo=UTC)
            case = routed(f"{number}-{case_id}", later, account_id=account)
            value, headers = as_record(CASES, case.case_id, case)
            key = case.case_id.encode()
            partition = partition_for(key, len(await producer.partitions_for(CASES.name)))
            await producer.send_and_wait(CASES.name, value, key, partition=partition, headers=list(headers))
    by_account = frontline(account, *here)
    assert by_account.returncode == 0, by_account.stderr
    assert f"3-{case_id}" in by_account.stdout
    assert by_account.stderr == f"the newest of 3 cases of {account} is 3-{case_id}; before it:\n" + "".join(
        f"  {number}-{case_id}\n" for number in (2, 1)
    )
    last = frontline("--last", *here, "--json")
    assert json.loads(last.stdout)["case_id"] == f"3-{case_id}"
    for both_or_none in ((case_id, "--last"), ()):
        refused = frontline(*both_or_none, *here)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith("name a case or an account, or give --last")
    listed = frontline_text("cases", "--account", account, "--limit", "2", "--json", *here)
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(row["case_id"], row["account_id"]) for row in rows] == [
        (f"{number}-{case_id}", account) for number in (3, 2)
    ]
    assert listed.stderr == "these are the newest 2; --limit 0 shows all\n"
    table = frontline_text("cases", "--account", account, *here, environment={"LC_ALL": "C.UTF-8", "COLUMNS": "20"})
    assert [line.split()[0] for line in table.stdout.splitlines()[1:]] == [f"{n}-{case_id}" for n in (3, 2, 1)]


async def test_a_case_is_found_by_the_reference_that_pages_show(bootstrap: str, case_id: str) -> None:
    """The beginning of the id, which people copy from a page or read out; of two that begin so, none is guessed."""
    here, several = ("--kafka", bootstrap), [f"same-ref-{case_id}-{number}" for number in (1, 2)]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for other in (f"one-{case_id}", *several):
            value, headers = as_record(CASES, other, routed(other, datetime(2020, 1, 1, tzinfo=UTC)))
            partition = partition_for(other.encode(), len(await producer.partitions_for(CASES.name)))
            await producer.send_and_wait(CASES.name, value, other.encode(), partition=partition, headers=list(headers))
    found = frontline(f"one-{case_id}"[:16], *here, "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["case_id"] == f"one-{case_id}"
    refused = frontline(several[0][:24], *here)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"2 cases begin with {several[0][:24]}, such as ")
    assert all(each in refused.stderr for each in several)
    assert frontline(several[0][:7], *here).returncode == 1  # too short to be a reference


async def test_activity_on_a_partition_that_is_not_its_own_is_not_of_the_case(bootstrap: str, case_id: str) -> None:
    """Escalation refuses it there, so whoever reads all cases must not count it either."""
    settings = load(KafkaSettings, kafka_bootstrap=bootstrap)
    value, headers = as_record(ACTIVITY, case_id, TaskDesk().activity("resolved", case_id))
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        partitions = len(await producer.partitions_for(ACTIVITY.name))
        home = partition_for(case_id.encode(), partitions)
        for partition in (home, (home + 1) % partitions):
            await producer.send_and_wait(ACTIVITY.name, value, case_id.encode(), partition, headers=list(headers))
    log = (await read_cases(settings, lambda _: None))[case_id]
    assert [place[0] for place, _ in log.activity] == [home]
