"""The kit in a fresh project, as its users start with it."""

import os
from pathlib import Path

import pytest

from tests.harness.consumer_project import COMMAND, interpreter, run_tests

TEST = """
import shared
from frontline_testkit import Frontline


def test_a_request_is_routed(frontline: Frontline) -> None:
    assert shared.OURS
    account = frontline.set_entitlement(plan="premier_plus")
    case = frontline.submit(account, channel="phone", impact="down")
    assert frontline.wait_for("case.routed", case=case).data.priority == "P1"
    assert frontline.wait_for("clock.started", case=case, milestone="first_response")
"""

pytestmark = pytest.mark.timeout(300)


def test_a_project_that_has_a_folder_shared_of_its_own_is_tested_by_the_installed_command(tmp_path: Path) -> None:
    """Both have a package of that name, in the current folder and on PYTHONPATH; neither may get the other's."""
    project = tmp_path / "project"
    for folder in ("shared", "services"):
        (project / folder).mkdir(parents=True)
    (project / "shared" / "__init__.py").write_text("OURS = True\n")
    (project / "services" / "__init__.py").write_text("raise ImportError('the services of the project')\n")
    (project / "test_ours.py").write_text(TEST)
    python = interpreter(tmp_path / "venv")
    shown = run_tests(
        python, project, "-o", "asyncio_default_fixture_loop_scope=function",
        FRONTLINE_COMMAND=str(COMMAND), PYTHONPATH=os.fspath(project),
    )  # fmt: skip
    assert "1 passed" in shown
