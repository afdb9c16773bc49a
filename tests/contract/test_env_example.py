"""`.env.example` says what can be set, with the real defaults: nothing more, nothing less."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings
from ruamel.yaml import YAML

from services.board.settings import Settings as BoardSettings
from services.escalation.settings import EscalationSettings
from services.intake.settings import Settings as IntakeSettings
from services.router.settings import RouterSettings

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^(?:# )?([A-Z][A-Z_]+)=(.*)$", re.MULTILINE)
EXAMPLE: dict[str, str] = dict(LINE.findall((ROOT / ".env.example").read_text(encoding="utf-8")))
SERVICES: tuple[type[BaseSettings], ...] = (IntakeSettings, BoardSettings, RouterSettings, EscalationSettings)
# Variables that have no default in the code, or one for each service.
SHOWN_OTHERWISE = {
    *("FRONTLINE_ALLOWED_HOSTS", "FRONTLINE_API_KEYS", "FRONTLINE_API_KEYS_FILE"),
    *("FRONTLINE_HTTP_PORT", "FRONTLINE_ID_SECRET"),
}
# Read by the command line, the embedded Kafka and the catalogues of sentences, not as settings of a service.
OF_THE_TOOLS = {"FRONTLINE_MESSAGES", "FRONTLINE_CACHE_DIR", "FRONTLINE_MAVEN_URL"}


def _defaults() -> dict[str, Any]:
    return {
        f"FRONTLINE_{name.upper()}": field.default
        for service in SERVICES
        for name, field in service.model_fields.items()
    }


def _written(default: object) -> str:
    if default is None:
        return ""
    return ",".join(default) if isinstance(default, tuple) else str(default)


def test_every_setting_of_every_service_is_there_and_no_other() -> None:
    """A setting that nobody can find is not one; one that nobody reads misleads."""
    assert {name for name in EXAMPLE if name.startswith("FRONTLINE_")} == set(_defaults()) | OF_THE_TOOLS


@pytest.mark.parametrize("name", sorted(set(_defaults()) - SHOWN_OTHERWISE))
def test_the_value_shown_is_the_default(name: str) -> None:
    """Whoever reads `# NAME=value` believes that this is what happens without it."""
    default = _defaults()[name]
    assert default is not PydanticUndefined
    assert EXAMPLE[name] == _written(default)


def test_every_variable_of_the_compose_file_is_there() -> None:
    """Host ports are the first thing that clashes on a machine."""
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{([A-Z_]+)", compose)) <= set(EXAMPLE)


def test_each_service_of_the_compose_file_finds_the_folder_of_editions() -> None:
    """The folder of this machine is mounted where the services look; a name alone would be a volume of Docker's."""
    compose = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    ours = [service for service in compose["services"].values() if service["image"] == "frontline:local"]
    assert len(ours) == 7
    for service in ours:
        (mount,) = (each for each in service["volumes"] if not isinstance(each, str))
        assert (mount["type"], mount["read_only"]) == ("bind", True)
        assert mount["source"].startswith("${FRONTLINE_POLICY_DIR:-")
        assert mount["target"] == service["environment"]["FRONTLINE_POLICY_DIR"]
