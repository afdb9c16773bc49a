"""The score of mutants is counted honestly: what no test calls, or nobody has tried, is not noticed."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.mutation import __main__ as command
from tests.mutation.score import GROUPS, NoResults, grouped, read_scores, table, together

Codes = Sequence[int | None]

KILLED, SURVIVED, NO_TESTS, TIMEOUT, SUSPICIOUS, NOT_TRIED = 1, 0, 33, 36, 35, None
ROOT = Path(__file__).parents[3]


def results(folder: Path, codes: Mapping[str, Codes]) -> Path:
    """What mutmut leaves behind: for each module the exit code of each mutant."""
    for module, of_module in codes.items():
        file = folder / f"{module}.meta"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"exit_code_by_key": {f"m{n}": code for n, code in enumerate(of_module)}}))
    return folder


def everything(**of_group: Codes) -> dict[str, Codes]:
    """One module of each group; nine of ten mutants are noticed, unless said otherwise."""
    enough = [KILLED] * 9 + [SURVIVED]
    return {
        "shared/business_time/calendar.py": of_group.get("calendar", enough),
        "shared/sla/next_due.py": of_group.get("clock", enough),
        "shared/policy/chain.py": of_group.get("escalate", enough),
    }


@pytest.mark.parametrize(
    ("codes", "share"),
    [
        ([KILLED, SURVIVED], 0.5),
        ([KILLED, NO_TESTS], 0.5),
        ([TIMEOUT, KILLED], 1.0),
        ([SUSPICIOUS, KILLED], 0.5),
        ([NOT_TRIED, KILLED], 0.5),
        ([-9, KILLED], 0.5),
    ],
)
def test_only_what_a_test_notices_is_counted(tmp_path: Path, codes: Codes, share: float) -> None:
    """Code without tests lowers the score, as it should; so does a mutant that ended the process."""
    (score,) = read_scores(results(tmp_path, {"shared/sla/next_due.py": codes}))
    assert score.share == share


def test_a_group_is_scored_by_its_mutants_and_not_by_its_modules(tmp_path: Path) -> None:
    """A small module does not outweigh a large one."""
    codes: Mapping[str, Codes] = {
        "shared/business_time/calendar.py": [KILLED] * 8,
        "shared/business_time/zones.py": [SURVIVED] * 2,
    }
    groups = grouped(read_scores(results(tmp_path, codes)))
    assert together("calendar", groups["calendar"]).share == 0.8
    assert groups["clock"] == []


def test_every_mutated_module_is_in_one_group() -> None:
    """And mutmut mutates all that the groups name."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    mutated = settings["only_mutate"]
    assert all((ROOT / module).is_file() for module in mutated)
    for module in mutated:
        assert sum(module.startswith(modules) for modules in GROUPS.values()) == 1
    named = {module for modules in GROUPS.values() for module in modules if module.endswith(".py")}
    assert named <= set(mutated)


@pytest.mark.parametrize(
    ("codes", "code", "says"),
    [
        (everything(), 0, "90.0%, goal 90% met"),
        (everything(clock=[KILLED, SURVIVED]), 1, "50.0%, goal 90% missed"),
        (everything(escalate=[KILLED, NOT_TRIED]), 1, "50.0%, goal 90%\n"),
        ({"shared/business_time/calendar.py": [KILLED]}, 1, "100.0%, goal 90% met"),
    ],
    ids=["met", "missed", "stopped", "a group is missing"],
)
def test_the_report_says_which_group_misses_its_goal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], codes: Mapping[str, Codes], code: int, says: str
) -> None:
    """By its exit code, too; a run that was stopped has not met anything."""
    assert command.main(["--report", "--folder", str(results(tmp_path, codes))]) == code
    assert says in capsys.readouterr().out


def test_the_table_shows_each_module_below_its_group(tmp_path: Path) -> None:
    """Who wants to raise the score has to know where."""
    lines = table(grouped(read_scores(results(tmp_path, everything())))).splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "calendar",
        "shared/business_time/calendar.py",
        "clock",
        "shared/sla/next_due.py",
        "escalate",
        "shared/policy/chain.py",
    ]


def test_without_results_the_report_says_how_to_get_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, no traceback."""
    with pytest.raises(NoResults):
        read_scores(tmp_path)
    assert command.main(["--report", "--folder", str(tmp_path)]) == 1
    assert "run `make mutants`" in capsys.readouterr().err
