"""`frontline topics` on a real Kafka: what it creates, what it reports, and its exit codes."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from services.cli.topics import app
from shared.contracts.topics import TOPICS
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics

Run = Callable[..., Any]


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
