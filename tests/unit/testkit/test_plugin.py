"""What the plugin makes of its options, and what people see where Frontline cannot run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEST = "def test_ours(frontline):\n    raise AssertionError('not reached')\n"


def shown(project: Path, ini: str, *options: str, **variables: str) -> str:
    """What pytest prints about a project with one test and these settings."""
    (project / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    (project / "test_ours.py").write_text(TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=project, env={**os.environ, **variables}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_an_edition_is_looked_for_beside_the_ini_file_and_a_failed_start_is_one_line(tmp_path: Path) -> None:
    """Wherever pytest is called from; and nobody wants the inside of the plugin in a failure."""
    command = tmp_path / "frontline"
    command.write_text(f"#!{sys.executable}\nimport sys\nprint(*sys.argv[-2:])\nsys.exit(2)\n")
    command.chmod(0o755)
    (tmp_path / "ours.yaml").touch()
    output = shown(tmp_path, "frontline_policy = ours.yaml", FRONTLINE_COMMAND=str(command))
    assert f"\nfrontline up ended with exit code 2: --policy {tmp_path / 'ours.yaml'}\n" in output
    assert "Traceback" not in output
    assert "frontline_testkit/plugin.py" not in output


@pytest.mark.parametrize(
    ("ini", "options", "message"),
    [
        ("frontline = magic", (), "frontline = magic in "),
        ("", ("--frontline-ready-file", "none.json"), "no running Frontline: none.json cannot be read"),
    ],
    ids=["way", "ready file"],
)
def test_a_wrong_setting_is_named(tmp_path: Path, ini: str, options: tuple[str, ...], message: str) -> None:
    """With what is allowed, or how to get there."""
    assert message in shown(tmp_path, ini, *options)
