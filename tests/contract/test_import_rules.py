"""The import rules hold, and each of them reports a violation that is planted in a copy of the tree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.folder_graph import drawn, imported, picture, reduced
from tests.contract.pure_modules import is_marked

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

KIT = "testkit/src"

# What must be pure (besides what marks itself): the decisions, and all that they are made of.
PURE = [
    "services/intake/request.py",
    "services/intake/activity.py",
    "services/router/topology.py",
    "services/escalation/topology.py",
    "shared/business_time/*.py",
    "shared/contracts/*.py",
    "shared/policy/*.py",
    "shared/routing/*.py",
    "shared/sla/*.py",
    "shared/explain/*.py",
    "shared/kafka/record.py",
    "shared/kafka/serde.py",
    "shared/kafka/partitioning.py",
    "shared/streams/overlay.py",
    "shared/streams/processor.py",
    "shared/streams/task_state.py",
]
READS_FILES_OR_ENVIRONMENT = {
    "shared/contracts/schema_export.py",
    "shared/contracts/stub_export.py",
    "shared/policy/files.py",
    "shared/policy/settings.py",
}

PLANTED = {
    "services/novelty/__init__.py": "",
    "services/novelty/planted.py": "from services.router import topology\n",
    "services/escalation/planted_too.py": "import services.novelty\n",
    "services/intake/planted.py": "from services.router import topology\n",
    "services/router/planted.py": "def late() -> None:\n    import services.cli.jsonl\n",
    "services/cli/planted.py": "import services.escalation.topology\nimport services.intake.request\n",
    "services/escalation/planted.py": (
        '"""[pure] Says so."""\nimport asyncio\nimport time\nimport os\nimport random\nfrom os import path\n'
        "import aiokafka\nimport faststream\nimport structlog\nfrom shared.observability import logs\n"
        "def late() -> None:\n    from shared.wall_clock import utc_now\n"
    ),
    "services/cli/replay/planted.py": "import services.replay.task\n",
    "services/cli/demo/planted.py": "import services.replay.replay\n",
    "services/replay/planted.py": "import services.cli.jsonl\n",
    "shared/business_time/planted.py": (
        "import services.router.topology\nimport shared.policy.model\nimport shared.kafka.settings\n"
    ),
    "shared/contracts/planted.py": "from shared.kafka import record\n",
    "shared/kafka/planted.py": "from shared.policy import model\nimport shared.streams.overlay\n",
    "shared/streams/planted.py": "import shared.sla.clock\n",
    "shared/embedded_kafka/planted.py": "import shared.business_time.config\n",
    "shared/policy/planted.py": "def late() -> None:\n    from shared.kafka import record\n",
    "shared/routing/planted.py": "import shared.streams.overlay\n",
    "shared/sla/planted.py": (
        "import shared.explain.rules\nimport shared.routing.route\nfrom shared.kafka.faults import PoisonRecord\n"
    ),
    "shared/explain/planted.py": "import shared.streams.task_state\n",
    "shared/novelty/__init__.py": "",
    "shared/policy/planted_hither.py": "from shared.policy import planted_thither\n",
    "shared/policy/planted_thither.py": "from shared.policy import planted_hither\n",
    "shared/explain/planted_kit.py": "import frontline_testkit.events\n",
    "testkit/src/frontline_testkit/planted.py": "from shared.contracts import topics\nimport services.cli.up\n",
}

REPORTED = [
    "services.novelty.planted -> services.router.topology",
    "services.escalation.planted_too -> services.novelty",
    "services.intake.planted -> services.router.topology",
    "services.router.planted -> services.cli.jsonl",
    "services.cli.planted -> services.escalation.topology",
    "services.cli.planted -> services.intake.request",
    "services.cli.replay.planted -> services.replay.task",
    "services.cli.demo.planted -> services.replay.replay",
    "services.replay.planted -> services.cli.jsonl",
    "shared.business_time.planted -> services.router.topology",
    "shared.contracts.planted -> shared.kafka.record",
    "shared.business_time.planted -> shared.policy.model",
    "shared.kafka.planted -> shared.policy.model",
    "shared.kafka.planted -> shared.streams.overlay",
    "shared.streams.planted -> shared.sla.clock",
    "shared.embedded_kafka.planted -> shared.business_time.config",
    "shared.sla.planted -> shared.explain.rules",
    "shared.sla.planted -> shared.routing.route",
    "shared.business_time.planted -> shared.kafka.settings",
    "shared.policy.planted -> shared.kafka.record",
    "shared.routing.planted -> shared.streams.overlay",
    "shared.sla.planted -> shared.kafka.faults",
    "shared.explain.planted -> shared.streams.task_state",
    "shared.explain.planted_kit -> frontline_testkit.events",
    "frontline_testkit.planted -> shared.contracts.topics",
    "frontline_testkit.planted -> services.cli.up",
    "- shared.novelty",
    "No cycles are allowed in shared.policy.",
    *(
        f"services.escalation.planted imports {name} "
        for name in [
            "asyncio",
            "time",
            "os",
            "random",
            "aiokafka",
            "faststream",
            "structlog",
            "shared.observability.logs",
            "shared.wall_clock",
        ]
    ),
]


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Check the import rules of a tree."""
    return subprocess.run(
        [LINT_IMPORTS, "--no-logo", "--no-cache"],
        cwd=tree,
        env={
            **os.environ,
            "COLUMNS": "300",
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(tree / KIT),  # rather than the kit that is installed
        },
        capture_output=True,
        text=True,
        check=False,
    )


def copied(target: Path) -> Path:
    """A copy of everything that the rules are about, and of the rules."""
    for package in ("services", "shared", f"{KIT}/frontline_testkit"):
        shutil.copytree(ROOT / package, target / package, ignore=lambda _, names: {n for n in names if _is_other(n)})
    for name in ("pyproject.toml", "tests/contract/pure_modules.py"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    return target


def _is_other(name: str) -> bool:
    return name == "__pycache__" or (Path(name).suffix not in {"", ".py"})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of a tree in which every rule is broken."""
    tree = copied(tmp_path_factory.mktemp("tree"))
    for name, source in PLANTED.items():
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(source)
    result = lint(tree)
    assert result.returncode == 1, result.stderr
    return result.stdout


def test_the_rules_hold() -> None:
    """Also in `make check`; here, so that a test run alone is enough."""
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_rule_that_is_kept_is_kept_in_a_copy(tmp_path: Path) -> None:
    """What is reported of the planted tree comes from what was planted."""
    result = lint(copied(tmp_path))
    assert "0 broken" in result.stdout, result.stdout


def test_every_rule_is_broken_by_what_is_planted(report: str) -> None:
    """A rule that nothing can break protects nothing."""
    assert "Contracts: 0 kept, 10 broken." in report


@pytest.mark.parametrize("violation", REPORTED)
def test_a_planted_violation_is_reported_by_name(report: str, violation: str) -> None:
    """Imports inside functions count as well; a new package must be given its place."""
    assert violation in report


@pytest.mark.parametrize("pattern", PURE)
def test_what_decides_is_marked_pure(pattern: str) -> None:
    """The mark brings the module under the rule, so taking it off would go unnoticed without this."""
    files = [path for path in ROOT.glob(pattern) if path.name != "__init__.py"]
    assert files
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        assert is_marked(path.read_text(encoding="utf-8")) == (name not in READS_FILES_OR_ENVIRONMENT), name


def test_the_picture_in_the_contributing_page_shows_the_imports_that_there_are() -> None:
    """A newcomer learns the layers from it: `python -m tests.contract.folder_graph` prints the one of today."""
    wanted = {folder: targets for folder, targets in reduced(imported(ROOT)).items() if targets}
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert drawn(page) == wanted, picture(wanted)


def test_an_arrow_that_follows_from_others_is_left_out() -> None:
    """Only what cannot be seen otherwise is drawn, else the picture is a black square."""
    graph = {"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set[str](), "e": {"d"}}
    assert reduced(graph) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "d": set(), "e": {"d"}}
    assert drawn(picture(reduced(graph))) == {"a": {"b"}, "b": {"c"}, "c": {"d"}, "e": {"d"}}
