"""The import rules hold, and each of them reports a violation that is planted in a copy of the tree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.pure_modules import is_marked

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

# What must be pure (besides what marks itself): the decisions, and all that they are made of.
PURE = [
    "services/intake/request.py",
    "services/intake/activity.py",
    "services/router/entitlement.py",
    "services/router/priority.py",
    "services/router/route.py",
    "services/router/topology.py",
    "services/escalation/sla_clock.py",
    "services/escalation/timer.py",
    "services/escalation/escalate.py",
    "services/escalation/topology.py",
    "shared/business_time/*.py",
    "shared/contracts/*.py",
    "shared/policy/*.py",
    "shared/kafka/record.py",
    "shared/kafka/overlay.py",
    "shared/kafka/processor.py",
    "shared/kafka/serde.py",
    "shared/kafka/partitioning.py",
]
READS_FILES_OR_ENVIRONMENT = {
    "shared/contracts/schema_export.py",
    "shared/policy/files.py",
    "shared/policy/settings.py",
}

PLANTED = {
    "services/intake/planted.py": "from services.router import route\n",
    "services/router/planted.py": "def late() -> None:\n    import services.cli.jsonl\n",
    "shared/business_time/planted.py": "import services.router.route\nimport shared.policy.model\n",
    "shared/contracts/planted.py": "from shared.kafka import record\n",
    "shared/kafka/planted.py": "from shared.policy import model\nfrom shared.business_time import config\n",
    "shared/novelty/__init__.py": "",
    "shared/policy/planted_hither.py": "from shared.policy import planted_thither\n",
    "shared/policy/planted_thither.py": "from shared.policy import planted_hither\n",
    "services/escalation/planted.py": (
        '"""[pure] Says so."""\nimport asyncio\nimport time\nimport os\nimport random\nfrom os import path\n'
        "import aiokafka\nimport faststream\nimport structlog\nfrom shared.observability import logs\n"
        "def late() -> None:\n    from shared.wall_clock import utc_now\n"
    ),
}

REPORTED = [
    "services.intake.planted -> services.router.route",
    "services.router.planted -> services.cli.jsonl",
    "shared.business_time.planted -> services.router.route",
    "shared.contracts.planted -> shared.kafka.record",
    "shared.business_time.planted -> shared.policy.model",
    "shared.kafka.planted -> shared.policy.model",
    "shared.kafka.planted -> shared.business_time.config",
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
        env={**os.environ, "COLUMNS": "300", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def copied(target: Path) -> Path:
    """A copy of everything that the rules are about, and of the rules."""
    for package in ("services", "shared"):
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
    assert "Contracts: 0 kept, 5 broken." in report


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
