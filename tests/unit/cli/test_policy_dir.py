"""FRONTLINE_POLICY_DIR means the same to every service and command: a folder of one's own editions.

A name that `frontline policy check` accepts must be the same edition to the router, and the other way round.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.cli.decide import decide
from services.cli.demo.command import demo
from services.cli.policy import commands as policy
from services.cli.policy.migration.command import migrate
from services.cli.up import checked_policy, up
from services.escalation.__main__ import main as escalation
from services.intake.__main__ import main as intake
from services.router.__main__ import main as router

NAMED = "there is no edition 'nix' in rules or among the shipped editions; allowed: ours, demo, guidelines-2021"
KEYS = '[{"name":"local","sha256":"%s","scopes":["submit"],"rate":null}]' % ("0" * 64)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the edition `ours`, which the environment names."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "ours.yaml").write_text("edition: ours\nextends: guidelines-2021\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTLINE_POLICY_DIR", "rules")
    monkeypatch.setenv("FRONTLINE_API_KEYS", KEYS)
    monkeypatch.setenv("FRONTLINE_ID_SECRET", "x" * 32)
    return rules


USES: dict[str, Callable[[], Any]] = {
    "router": router,
    "escalation": escalation,
    "intake": intake,
    "decide": lambda: decide(Path("/dev/null")),
    "decide --policy": lambda: decide(Path("/dev/null"), policy="nix"),
    "up": lambda: up(policy="nix"),
    "demo": lambda: demo(policy="nix"),
    "policy check": lambda: policy.check("nix", policies=Path("rules")),
    "policy show": lambda: policy.show("nix", policies=Path("rules")),
    "policy migrate": lambda: migrate("nix", every=True, policies=Path("rules")),
    "policy migrate, the configured ones": lambda: migrate("ours", every=True, policies=Path("rules")),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_each_looks_in_the_folder_and_then_among_the_shipped(
    use: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """And names the editions of both, with exit code 2."""
    monkeypatch.setenv("FRONTLINE_POLICIES", "nix")
    assert use() == 2
    written = capfd.readouterr()
    assert NAMED in " ".join((written.out + written.err).split())


def test_an_edition_of_the_folder_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    """Found by its name, as the value for FRONTLINE_POLICIES that the services of `frontline up` get."""
    assert checked_policy("ours") == ([], "ours")
    assert policy.show("ours", policies=Path("rules"), as_json=True) == 0
    assert '"edition": "ours"' in capsys.readouterr().out


@pytest.mark.parametrize("use", [router, escalation, intake, lambda: up(policy="ours")])
def test_a_folder_that_does_not_exist_is_one_line_and_exit_code_2(
    use: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A supervisor must know that starting it again is no use."""
    monkeypatch.setenv("FRONTLINE_POLICY_DIR", "nowhere")
    assert use() == 2
    written = capsys.readouterr()
    assert written.err == "FRONTLINE_POLICY_DIR='nowhere': is not a folder; it should be the folder of editions\n"
    assert written.out == ""
