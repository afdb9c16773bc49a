"""The editions for which `frontline up` loads its demo accounts are those of its services."""

from pathlib import Path

import pytest

from services.cli.progress import Progress
from services.cli.system import Options, System


@pytest.mark.parametrize("policies", [None, "mine"])
def test_the_demo_accounts_are_those_of_the_editions_in_ones_own_folder(
    policies: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The services look a name up there, whether the environment or `--policy` has it."""
    (tmp_path / "mine.yaml").write_text("extends: guidelines-2021\nedition: mine\n")
    monkeypatch.setenv("FRONTLINE_POLICY_DIR", str(tmp_path))
    monkeypatch.setenv("FRONTLINE_POLICIES", "mine" if policies is None else "nope")
    found = System(Options(policies=policies), Progress())._editions()
    assert [edition.edition for edition in found.editions] == ["mine"]
