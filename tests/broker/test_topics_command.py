"""`frontline topics` on a real Kafka: what it creates, what it reports, and its exit codes."""

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from services.cli.topics import app
from shared.contracts.topics import CASES, TOPICS
from shared.kafka.client import Client
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics

Run = Callable[..., Any]
PATIENCE = 30.0


@pytest.fixture
def run(bootstrap: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command with these words; exit code, standard output, standard error."""

    async def run(*words: str, kafka: str = bootstrap) -> tuple[int, str, str]:
        capsys.readouterr()
        command: Callable[..., Any] = app
        code = await asyncio.to_thread(
            command, [*words, "--kafka", kafka], exit_on_error=False, result_action="return_value"
        )
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


async def test_apply_creates_the_missing_topics_and_lists_them(run: Run) -> None:
    """A second call has nothing left to create."""
    code, out, _ = await run("apply", "--json")
    assert code == 0
    assert json.loads(out)["topics"] == len(TOPICS)
    code, out, _ = await run("apply")
    assert (code, out) == (0, f"all {len(TOPICS)} topics exist\n")


async def test_check_agrees_or_lists_each_difference_with_exit_code_1(
    run: Run, bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same on standard output for people and for programs."""
    await apply_topics(KafkaSettings(kafka_bootstrap=bootstrap))
    code, out, _ = await run("check")
    assert (code, out) == (0, f"all {len(TOPICS)} topics agree with the registry\n")
    monkeypatch.setenv("FRONTLINE_PARTITIONS", "7")
    code, out, _ = await run("check", "--json")
    assert code == 1
    differences = json.loads(out)["differences"]
    assert {(each["what"], each["expected"], each["found"]) for each in differences} == {("partitions", "7", "6")}
    assert len(differences) == len(TOPICS)


async def test_check_reports_copies_and_in_sync_copies(
    run: Run, bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator who wants three copies must not read that all is well with one."""
    await apply_topics(KafkaSettings(kafka_bootstrap=bootstrap))
    monkeypatch.setenv("FRONTLINE_REPLICATION", "3")
    code, out, _ = await run("check", "--json")
    found = [(each["topic"], each["what"], each["expected"], each["found"]) for each in json.loads(out)["differences"]]
    wanted = (("replication", "3", "1"), ("min.insync.replicas", "2", "1"))
    assert (code, found) == (1, [(topic.name, *each) for topic in TOPICS for each in wanted])
    assert json.loads((await run("apply", "--json"))[1])["updated"] == [], "with one copy it could not be written to"
    monkeypatch.setenv("LANG", "es_ES.UTF-8")
    code, out, _ = await run("check")
    assert (code, out.splitlines()[0]) == (1, f"{TOPICS[0].name}: replication es 1, se esperaba 3")


async def test_apply_sets_the_in_sync_copies_of_existing_topics_and_nothing_else(
    run: Run, bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A topic that was made by hand, or before a change of the registry, comes right without being made again."""
    namespace = f"updated-{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("FRONTLINE_NAMESPACE", namespace)
    monkeypatch.setenv("FRONTLINE_PARTITIONS", "1")
    settings = KafkaSettings(kafka_bootstrap=bootstrap)
    await apply_topics(settings)
    async with Client(settings, "test") as client:
        await client.set_config(CASES.name, "min.insync.replicas", "2")
        await client.set_config(CASES.name, "retention.ms", "86400000")
    kept = f"{namespace}.{CASES.name}: retention.ms is 86400000, expected {400 * 86_400_000}\n"
    needed = f"{namespace}.{CASES.name}: min.insync.replicas is 2, expected 1\n"
    await _until(run, (1, needed + kept, ""), "check")
    code, out, _ = await run("apply")
    assert (code, out) == (0, f"{namespace}.{CASES.name}: set min.insync.replicas\n")
    await _until(run, (1, kept, ""), "check")


async def _until(run: Run, wanted: tuple[int, str, str], *words: str) -> None:
    """Repeat a command until it has this result: a broker shows a change a moment after it has accepted it."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while (found := await run(*words)) != wanted:
        assert asyncio.get_running_loop().time() < deadline, found
        await asyncio.sleep(0.1)


async def test_only_a_topic_that_tasks_read_can_be_accepted(run: Run) -> None:
    """For the others a restart is enough; the command says so instead of doing nothing."""
    code, out, err = await run("accept", "support.escalations.v1")
    assert (code, out) == (2, "")
    assert err == "no task reads support.escalations.v1: restart the services instead\n"


async def test_a_bad_setting_is_one_line_and_exit_code_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input, as the other commands have it."""
    monkeypatch.setenv("FRONTLINE_PARTITIONS", "many")
    code, _, err = await run("apply")
    assert code == 2
    assert err.startswith("FRONTLINE_PARTITIONS='many': ")
    assert err.count("\n") == 1
