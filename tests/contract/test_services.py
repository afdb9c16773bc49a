"""Every service is named where people and the import rules look for it."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.contract.folder_graph import drawn
from tests.contract.tree import ROOT

PAGES = ("CONTRIBUTING.md", "docs/whats-here.md", "docs/operations.md", "pyproject.toml")
SERVICES = sorted({path.parent.name for path in (ROOT / "services").glob("*/*.py")})


def missing(service: str, root: Path = ROOT) -> list[str]:
    """The places that do not name `service`."""
    pages = {name: (root / name).read_text(encoding="utf-8") for name in PAGES}
    runs = (root / "services" / service / "__main__.py").exists() and service != "cli"
    named = {
        "the picture in CONTRIBUTING.md": service in drawn(pages["CONTRIBUTING.md"]),
        "docs/whats-here.md": f"- `services/{service}/`: " in pages["docs/whats-here.md"],
        "the table in docs/operations.md": not runs
        or f"| `python -m services.{service}` |" in pages["docs/operations.md"],
    }
    rules = tomllib.loads(pages["pyproject.toml"])["tool"]["importlinter"]["contracts"]
    named |= {f"pyproject.toml, import rule {rule['id']!r}": _covers(rule, service) for rule in rules}
    return [place for place, is_named in named.items() if not is_named]


def _covers(rule: dict[str, Any], service: str) -> bool:
    """Whether an import rule that names services names this one; `services.*` means all of them."""
    lists = [value for key, value in rule.items() if key.endswith("modules")]
    modules = {name for listed in lists for name in listed if name.startswith("services.")}
    return not modules or not modules.isdisjoint({"services.*", f"services.{service}"})


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_on_the_map_in_the_picture_and_under_the_import_rules(service: str) -> None:
    """A list that is kept by hand forgets the newest service."""
    assert not missing(service), "missing:\n" + "\n".join(missing(service))


def test_a_service_that_is_named_nowhere_is_reported_with_every_place(tmp_path: Path) -> None:
    """So that whoever adds one learns all that is missing at once."""
    for page in PAGES:
        (tmp_path / page).parent.mkdir(exist_ok=True)
        (tmp_path / page).write_text("")
    (tmp_path / "services" / "novelty").mkdir(parents=True)
    (tmp_path / "services" / "novelty" / "__main__.py").touch()
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.importlinter.contracts]]\nid = "edges"\nsource_modules = ["shared", "services.router"]\n'
        '[[tool.importlinter.contracts]]\nid = "services"\nmodules = ["services.*"]\n'
        '[[tool.importlinter.contracts]]\nid = "upwards"\nforbidden_modules = ["services"]\n'
    )
    assert missing("novelty", tmp_path) == [
        "the picture in CONTRIBUTING.md",
        "docs/whats-here.md",
        "the table in docs/operations.md",
        "pyproject.toml, import rule 'edges'",
    ]
