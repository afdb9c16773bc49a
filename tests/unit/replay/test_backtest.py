"""`frontline policy backtest`: the interface that people and scripts rely on."""

import json
import subprocess
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.cli.policy.backtest.command import Rate
from services.replay.log_file import lines_of
from shared.kafka.record import Record
from tests.harness.asking import account
from tests.harness.command_line import frontline, frontline_anew
from tests.harness.recording import Recording, log_of
from tests.topology.replay.helpers import LIBRARY

CASE = f"{1:032x}"
HOURLY = ["objectives-2024", "--from-file"]


def recorded(accounts: Iterable[str] = ("acme",)) -> Recording:
    """A P1 of each account that is answered in time, and not updated."""
    recording = Recording(LIBRARY)
    for number, name in enumerate(accounts, 1):
        recording.sets_entitlement(account(account_id=name))
        recording.asks(number, account_id=name, subject="my password is hunter2")
    recording.runs()
    recording.passes(timedelta(minutes=10))
    for number, _ in enumerate(accounts, 1):
        recording.record_activity("agent_replied", f"{number:032x}")
    recording.runs()
    recording.passes(timedelta(hours=3, minutes=10))
    return recording


def written(path: Path, recording: Recording, records: Iterable[Record] | None = None) -> str:
    """The file of a log."""
    with recording.log() as log:
        extent = log.extent
    with log_of(extent, recording.all_records() if records is None else records) as log, path.open("wb") as file:
        file.writelines(lines_of(log))
    return str(path)


def backtest(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as its users do."""
    return frontline("policy", "backtest", *arguments, environment=environment)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A recorded log."""
    return written(tmp_path_factory.mktemp("log") / "log.jsonl", recorded())


def test_programs_get_all_of_it_as_json_the_same_each_time(log: str) -> None:
    """From a file or from standard input; the keys are those of docs/backtest.md."""
    done = [
        frontline_anew("policy", "backtest", *HOURLY, log, "--json"),
        frontline_anew("policy", "backtest", *HOURLY, log, "--json"),
        frontline_anew("policy", "backtest", *HOURLY, "-", "--json", stdin=Path(log).read_bytes()),
    ]
    assert [each.returncode for each in done] == [0, 0, 0]
    assert len({each.stdout for each in done}) == 1
    found = json.loads(done[0].stdout)
    assert found["edition"]["edition"] == "objectives-2024"
    (baseline,) = found["baseline"]["editions"]
    assert (found["baseline"]["recorded"], baseline["edition"], baseline["cases"]) == (True, "guidelines-2021", 1)
    counts = found["counts"]
    assert (counts["cases"], counts["newly_breached"], counts["newly_breached_commitments"]) == (1, 1, 0)
    assert found["by_plan"]["premier_plus"]["newly_breached"] == 1
    assert found["by_priority"]["P1"]["newly_breached"] == 1
    assert found["by_account"]["acme"]["newly_breached"] == 1
    assert found["by_milestone"]["periodic_update"]["newly_breached"] == 1
    assert (found["more_cases"], found["not_comparable"]["count"], found["failed_on"]) == (0, 0, [])


def test_a_case_has_its_differences_and_the_rule_of_each_edition(log: str) -> None:
    """One hour after the reply of 12:10 an update was due."""
    (case,) = json.loads(backtest(*HOURLY, log, "--json").stdout)["cases"]
    assert (case["case_id"], case["account_id"], case["plan"], case["priority"]) == (CASE, "acme", "premier_plus", "P1")
    (breach,) = case["breaches"]
    assert breach == {
        "change": "newly",
        "milestone": "periodic_update",
        "instance": 2,
        "at": "2026-11-23T13:10:00Z",
        "promise": "objective",
    }
    (promise,) = case["promises"]
    assert (promise["change"], promise["before"], promise["after"]["due_at"]) == ("new", None, "2026-11-23T13:00:00Z")
    assert {(call["change"], call["called"], call["rule"]) for call in case["calls"]} == {
        ("newly", "case_tier", "escalation_levels[0]"),
        ("newly", "tier2", "escalation_levels[1]"),
        ("newly", "technical_account_manager", "escalation_levels[2]"),
    }
    (why,) = case["why"]
    assert (why["of"], why["after"]["edition"]) == ("periodic_update", "objectives-2024")
    assert why["after"]["rule"].startswith("targets[")
    assert "1 h round the clock" in why["after"]["because"]
    assert case["explain"]["before"]["edition"] == "guidelines-2021"
    assert [clock["milestone"] for clock in case["explain"]["after"]["clocks"]].count("periodic_update") == 2


def test_people_get_tables_of_80_columns_in_which_no_word_is_cut(log: str) -> None:
    """In every language."""
    for language, words in (("en", ["newly", "decided"]), ("es", ["nuevas", "incumplidas"])):
        done = backtest(*HOURLY, log, "--lang", language)
        text = done.stdout.decode()
        assert done.returncode == 0
        assert max(map(len, text.splitlines())) <= 80
        for word in words:
            assert word in text.split()


def test_people_get_the_names_that_the_editions_give_their_words(log: str) -> None:
    """In the language of the output: a word such as premier_plus is for programs."""
    for language, names in (
        ("en", ("Premier+", "periodic update", "technical account manager is called")),
        ("es", ("Premier+", "actualización periódica")),
    ):
        text = " ".join(backtest(*HOURLY, log, "--lang", language).stdout.decode().split())
        for name in names:
            assert name in text
        for word in ("premier_plus", "premier plus", "case_tier", "periodic_update"):
            assert word not in text


def test_a_customers_text_is_not_shown(log: str) -> None:
    """Neither to people nor to programs."""
    assert b"hunter2" in Path(log).read_bytes()
    for arguments in ((), ("--json",)):
        assert b"hunter2" not in backtest(*HOURLY, log, *arguments).stdout


def test_a_long_account_has_a_line_of_its_own_and_no_control_characters(tmp_path: Path) -> None:
    """What somebody wrote into a log is shown, never obeyed."""
    name = "a-customer-whose-name-is-longer-than-its-column-and-than-the-whole-line-of-a-terminal-with-80"
    text = backtest(*HOURLY, written(tmp_path / "log", recorded([name]))).stdout.decode()
    assert name in text.splitlines()


def test_a_condition_that_holds_is_exit_code_1(log: str) -> None:
    """For CI; the text and the JSON say which one."""
    fails = ("--fail-on", "newly_breached>0", "--fail-on", "newly_breached_commitments > 0")
    done = backtest(*HOURLY, log, *fails)
    assert done.returncode == 1
    assert "--fail-on newly_breached>0 holds: newly_breached is 1" in done.stdout.decode().splitlines()
    as_json = backtest(*HOURLY, log, *fails, "--json")
    assert (as_json.returncode, json.loads(as_json.stdout)["failed_on"]) == (1, ["newly_breached>0"])
    assert backtest(*HOURLY, log, "--fail-on", "newly_breached_commitments>0").returncode == 0


def test_nothing_differs_is_one_sentence(log: str) -> None:
    """No tables of zeros."""
    done = backtest("guidelines-2021", "--from-file", log)
    assert done.returncode == 0
    assert done.stdout.decode().splitlines()[-1] == "1 case was compared, and nothing differs."


def test_the_baseline_may_be_an_edition_by_name(log: str) -> None:
    """The way round decides what is new."""
    done = backtest("guidelines-2021", "--baseline", "objectives-2024", "--from-file", log, "--json")
    counts = json.loads(done.stdout)["counts"]
    assert (counts["newly_breached"], counts["no_longer_breached"], counts["promises_gone"]) == (0, 1, 1)
    assert json.loads(done.stdout)["baseline"]["recorded"] is False


def test_an_edition_may_be_a_file(log: str, tmp_path: Path) -> None:
    """As the author of a rule tries it before it is merged."""
    file = tmp_path / "ours.yaml"
    file.write_text('edition: ours\nextends: guidelines-2021\neffective_from: "2025-01-01T00:00:00Z"\ntargets: []\n')
    counts = json.loads(backtest(str(file), "--from-file", log, "--json").stdout)["counts"]
    assert (counts["promises_gone"], counts["open_after"]) == (2, 0)


def test_fewer_cases_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    """The most serious first, then the earliest."""
    file = written(tmp_path / "log", recorded([f"a{number}" for number in range(5)]))
    found = json.loads(backtest(*HOURLY, file, "--json", "--show", "2").stdout)
    assert ([case["case_id"][-1] for case in found["cases"]], found["more_cases"]) == (["1", "2"], 3)
    text = backtest(*HOURLY, file, "--show", "2").stdout.decode()
    assert "3 more cases." in text
    assert "3 more accounts differ." in text


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["objectives-2024"], "--from-topic"),
        (["objectives-2024", "--from-file", "LOG", "--from-topic"], "--from-topic"),
        (["objectives-2024", "--from-file", "no-such-file"], "no-such-file"),
        (["nobody-has-it", "--from-file", "LOG"], "nobody-has-it"),
        (["objectives-2024", "--baseline", "nobody-has-it", "--from-file", "LOG"], "nobody-has-it"),
        (["objectives-2024", "--from-file", "LOG", "--since", "yesterday"], "yesterday"),
        (["objectives-2024", "--from-file", "LOG", "--as-of", "2026-13-01"], "2026-13-01"),
        (["objectives-2024", "--from-file", "LOG", "--as-of", "9999-12-31"], "9999-12-31"),
        (["objectives-2024", "--from-file", "LOG", "--as-of", "0001-01-01T00:00:00+12:00"], "0001-01-01"),
        (["objectives-2024", "--from-file", "LOG", "--show", "-1"], "-1"),
        (["objectives-2024", "--from-file", "LOG", "--fail-on", "breached>0"], "newly_breached"),
        (["objectives-2024", "--from-file", "LOG", "--fail-on", "newly_breached"], "NAME OPERATOR NUMBER"),
    ],
)
def test_bad_input_is_exit_code_2_and_says_what_to_do(arguments: list[str], complaint: str, log: str) -> None:
    """Nothing on standard output: a script that reads on reads nothing."""
    done = backtest(*[log if each == "LOG" else each for each in arguments])
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaint in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_instants_may_have_a_zone(log: str) -> None:
    """13:00 in Madrid is the instant of the request."""
    for since, cases in (("2026-11-23T13:00:00+01:00", 1), ("2026-11-23T12:00:01", 0), ("2026-11-24", 0)):
        found: dict[str, Any] = json.loads(backtest(*HOURLY, log, "--json", "--since", since).stdout)
        assert found["counts"]["cases"] == cases, since


def test_progress_has_the_counts_and_the_rate() -> None:
    """A log of months takes minutes; DelayedProgress shows nothing in the first second."""
    shown: list[dict[str, int]] = []

    def show_step(code: str, /, **facts: int) -> None:
        assert code == "backtest.step.folding"
        shown.append(facts)

    rate = Rate(show_step)
    rate.update(1, 10)
    rate.update(5, 10)
    assert [(facts["done"], facts["total"]) for facts in shown] == [(1, 10), (5, 10)]
    assert all(0 < facts["rate"] <= 5_000 for facts in shown)
