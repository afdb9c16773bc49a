"""The examples of docs/policy.md are editions, and `frontline policy check` prints what the page says."""

import json
import re
from pathlib import Path

import pytest

from services.cli.policy import commands as policy
from shared.policy.files import load_edition
from tests.harness.command_line import frontline_text

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
EDITIONS = {text.split()[1]: text for text in re.findall(r"```yaml\n(edition: .*?)```", PAGE, re.DOTALL)}
CHECKS = re.findall(r"```console\n\$ frontline policy check (\S+)\.yaml\n(.*?)```", PAGE, re.DOTALL)
RUNS = [(name, shown) for name, shown in CHECKS if name in EDITIONS]  # lumen has another test


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the editions of the page."""
    for name, text in EDITIONS.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_has_examples() -> None:
    """Else the tests below would show nothing."""
    assert set(EDITIONS) == {"acme", "acme-fast", "acme-world"}
    assert {name for name, _ in RUNS} == {"acme", "acme-fast"}


@pytest.mark.parametrize(("name", "shown"), RUNS, ids=[name for name, _ in RUNS])
def test_check_prints_what_the_page_says(
    name: str, shown: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever types the example compares. The digest changes with the data of holidays, so the page leaves it out."""
    assert policy.check(f"{name}.yaml") == 0
    assert re.sub(r"[0-9a-f]{64}", "…", capsys.readouterr().out) == shown


def test_the_examples_do_what_the_page_says(folder: Path) -> None:
    """Merged by field and by id; replaced; emptied."""
    base, acme, world = load_edition("guidelines-2021"), load_edition("acme.yaml"), load_edition("acme-world.yaml")
    assert acme.plans["premier"].technical_account_manager
    assert acme.plans["premier"].name == base.plans["premier"].name
    assert [rule.priority for rule in acme.priority_rules] == ["P4", "P3", "P3", "P1"]
    assert [rule.any_of for rule in acme.priority_rules] == [rule.any_of for rule in base.priority_rules]
    assert list(world.calendars) == ["office"]
    assert (world.regional_hours.countries, world.regional_hours.regions) == ({}, {})


def test_the_line_for_decide_is_decided() -> None:
    """It is the first that many type: without Kafka, straight from the page."""
    (line,) = re.findall(
        r"^    echo '(.*?)' \| tr -d '\\n' \| \.venv/bin/frontline decide$", PAGE, re.DOTALL | re.MULTILINE
    )
    done = frontline_text("decide", stdin=line.replace("\n", ""))
    assert done.returncode == 0, done.stderr
    decision = json.loads(done.stdout)
    assert (decision["assigned_channel"], decision["priority"]) == ("phone", "P1")
