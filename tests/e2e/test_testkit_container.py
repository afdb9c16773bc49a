"""The kit runs Frontline in containers, of the image of the compose stack and the official image of Kafka."""

import subprocess
from pathlib import Path

from tests.harness.consumer_project import ROOT, interpreter, run_tests

TEST = """
from frontline_testkit import Frontline


def test_a_missed_promise_is_published(frontline: Frontline) -> None:
    case = frontline.submit(frontline.set_entitlement(plan="premier_plus"), impact="down")
    frontline.wait_for("case.routed", case=case)
    frontline.advance(hours=4)
    assert frontline.wait_for("clock.breached", case=case, milestone="restoration")
"""


def containers() -> set[str]:
    """The ids of all containers, running or not."""
    shown = subprocess.run(["docker", "ps", "--all", "--quiet"], capture_output=True, text=True, check=True)
    return set(shown.stdout.split())


def test_a_project_is_tested_in_containers_and_none_is_left(tmp_path: Path) -> None:
    """From the host, whose tests reach Kafka and intake at the ports that Docker has chosen, and move the clock."""
    subprocess.run(["docker", "compose", "build", "--quiet", "intake"], cwd=ROOT, check=True)
    before = containers()
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_ours.py").write_text(TEST)
    # Ryuk removes what killed tests leave: one more image that would have to be pulled.
    shown = run_tests(
        interpreter(tmp_path / "venv"), project, "--frontline", "docker", TESTCONTAINERS_RYUK_DISABLED="true"
    )
    assert "1 passed" in shown
    assert containers() <= before
