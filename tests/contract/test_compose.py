"""The compose stack gives a container no more than its service needs, whichever service it is."""

import re
from typing import Any

import pytest
from pydantic_settings import BaseSettings
from ruamel.yaml import YAML

from services.cli.stack import OWN_HOSTS
from tests.contract.test_env_example import EXAMPLE
from tests.contract.test_env_example import SERVICES as SETTINGS
from tests.contract.tree import ROOT
from tests.e2e import test_stack

COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SIZE = re.compile(r"(?:\$\{[A-Z_]+:-)?(\d+)([mg])\}?")
MIB = {"m": 1, "g": 1024}


def _mib(size: str) -> int:
    found = SIZE.fullmatch(size)
    assert found, f"{size} is no size in m or g"
    return int(found[1]) * MIB[found[2]]


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_writes_only_where_its_service_says(name: str) -> None:
    """Whoever gets into one cannot leave a program there. What is in memory has a size."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert all("size=" in place for place in service.get("tmpfs", ()))
    for volume in service.get("volumes", ()):
        assert isinstance(volume, str) or volume["read_only"] is True, "a folder of this machine"


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_rights_beyond_its_user(name: str) -> None:
    """No capability of the kernel, none by a program that changes its user, and not root."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"]) > 0, "a number: a name could be root's"


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_cannot_use_up_the_machine(name: str) -> None:
    """One that grows ends alone; what it is sure to get is less than what it may have."""
    service = SERVICES[name]
    assert 0 < _mib(service["mem_reservation"]) < _mib(service["mem_limit"]) <= 2048
    assert 0 < service["pids_limit"] <= 512


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_reached_from_this_machine_only(name: str) -> None:
    """Its key is known to everybody."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))
    assert "network_mode" not in SERVICES[name], "that of the machine would publish every port of the service"


def test_the_image_is_not_roots_either() -> None:
    """Whoever runs it without the compose file."""
    users = re.findall(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert users == [SERVICES["intake"]["user"]]


def test_no_container_has_a_clock_that_a_test_may_advance() -> None:
    """It is for `frontline up --test-clock` alone: here, anybody with an admin's key could move every promise."""
    for file in (ROOT / "docker-compose.yml", ROOT / "Dockerfile", *(ROOT / "deploy").rglob("*.y*ml")):
        assert "TEST_CLOCK" not in file.read_text(encoding="utf-8").upper().replace("-", "_"), file


STACK, STACK_FOLDER = ["python", "-m", "services.cli.stack"], "/var/lib/frontline-stack"
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "frontline:local"}


def test_settings_are_checked_before_anything_of_ours_runs() -> None:
    """Else a wrong one is an unhealthy container after a minute, with the reason in its log alone."""
    checked = OURS["settings"]
    assert checked["command"] == [*STACK, "make", STACK_FOLDER, "frontline", "settings"]
    assert "depends_on" not in checked, "it waits for nothing"
    assert checked["restart"] == "no"
    for name, service in OURS.items():
        if name != "settings":
            before = {"settings"} if name == "topics" else {"topics"}
            assert before <= {
                each
                for each, about in service["depends_on"].items()
                if about["condition"] == "service_completed_successfully"
            }


def test_the_settings_that_are_checked_are_those_of_every_service() -> None:
    """A variable that only the service itself gets is checked too late."""
    given = OURS["settings"]["environment"]
    for service in OURS.values():
        assert service["environment"].items() <= given.items()


def test_whether_others_are_let_in_is_for_the_user_to_say() -> None:
    """What the file says for them, the stack could not tell from their own word (services/cli/stack.py)."""
    said = {name: OURS[name]["environment"] for name in ("settings", "intake", "board")}
    for environment in said.values():
        assert environment["FRONTLINE_DEVELOPMENT_ANYWHERE"] is None
        assert said.keys() - {"settings"} == OWN_HOSTS
        assert set(environment["FRONTLINE_ALLOWED_HOSTS"].partition("$")[0].split(",")) >= OWN_HOSTS


# What the stack does not pass on to the services that read it, each with the reason.
NOT_PASSED_ON = {
    # The stack has one Kafka of its own, without TLS, and one copy of each topic.
    *(name for name in EXAMPLE if name.startswith(("FRONTLINE_KAFKA_S", "FRONTLINE_REPLICATION"))),
    # Files of this machine, which containers do not see. Keys and host applications can be said in variables as well.
    *("FRONTLINE_API_KEYS_FILE", "FRONTLINE_TOKEN_HOSTS_FILE", "FRONTLINE_HELP_TOPICS"),
    "FRONTLINE_DEMO_SIGN_IN_FILE",  # the stack names its own, for development alone
    "FRONTLINE_INSTANCE",  # the containers of one service have the same environment, and no two may have one name
    "FRONTLINE_TEST_CLOCK",  # above
}


# What the stack says itself, whatever `.env` has: how containers find each other, their files, the form of their logs.
FIXED = {
    *("FRONTLINE_KAFKA_BOOTSTRAP", "FRONTLINE_HTTP_HOST", "FRONTLINE_HTTP_PORT", "FRONTLINE_LOG_FORMAT"),
    *("FRONTLINE_INTAKE_URL", "FRONTLINE_INTAKE_ADDRESS", "FRONTLINE_BOARD_ADDRESS", "FRONTLINE_BOARD_FILE"),
    "FRONTLINE_POLICY_DIR",  # the folder that is mounted, of which `.env` says where it is on this machine
}


@pytest.mark.parametrize(
    ("name", "settings"), [*zip(("intake", "board", "router", "escalation"), SETTINGS, strict=True)]
)
def test_a_service_gets_every_setting_that_it_reads(name: str, settings: type[BaseSettings]) -> None:
    """One that stays outside is a line in `.env` that does nothing, and says nothing."""
    read = {f"FRONTLINE_{field.upper()}" for field in settings.model_fields}
    given = SERVICES[name]["environment"]
    passed_on = {each for each, value in given.items() if value is None or f"${{{each}" in str(value)}
    assert read - passed_on <= NOT_PASSED_ON | FIXED
    assert not passed_on & FIXED


def test_what_is_not_passed_on_is_a_setting_that_services_read() -> None:
    """A name that is gone would excuse the next one that is called so."""
    assert set(EXAMPLE) >= NOT_PASSED_ON
    assert not NOT_PASSED_ON & set(OURS["settings"]["environment"])


@pytest.mark.parametrize("name", OURS)
def test_an_environment_has_only_settings_that_exist(name: str) -> None:
    """A misspelt one does nothing, and says nothing."""
    assert set(OURS[name]["environment"]) <= set(EXAMPLE)


def test_the_services_with_callers_run_with_what_the_stack_made_and_cannot_change_it() -> None:
    """The secret of ids and the key of the demo sign-in are those of both; the others do not have them."""
    volume = f"stack-data:{STACK_FOLDER}"
    for name, service in OURS.items():
        mounts = [mount for mount in service["volumes"] if isinstance(mount, str) and "stack-data" in mount]
        if name in ("intake", "board"):
            assert service["command"] == [*STACK, "run", STACK_FOLDER, "python", "-m", f"services.{name}"]
            assert mounts == [f"{volume}:ro"]
        else:
            assert mounts == ([volume] if name == "settings" else [])
    assert re.search(rf"mkdir .*{STACK_FOLDER}", (ROOT / "Dockerfile").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["intake", "board"])
def test_links_lead_to_the_host_at_which_the_ports_are_open(name: str) -> None:
    """A browser keeps who is signed in for one host: `localhost` is another one than 127.0.0.1."""
    (port,) = SERVICES[name]["ports"]
    assert SERVICES["board"]["environment"][f"FRONTLINE_{name.upper()}_ADDRESS"] == (
        f"http://{port.removesuffix(':8080')}"
    )
    always = SERVICES[name]["environment"]["FRONTLINE_ALLOWED_HOSTS"].partition("$")[0].split(",")
    assert port.partition(":")[0] in always, "whatever FRONTLINE_ALLOWED_HOSTS has: the links would be refused"


def test_one_service_waits_for_the_demo_accounts() -> None:
    """As the dependency of a service, `up --wait` waits for the end of their loading, which never fails."""
    waiting = {
        name: service["depends_on"]["demo-accounts"]
        for name, service in OURS.items()
        if "demo-accounts" in service.get("depends_on", ())
    }
    assert waiting == {"board": {"condition": "service_completed_successfully"}}
    assert OURS["demo-accounts"]["command"] == [*STACK, "accounts"]


def test_the_stack_that_is_tried_by_make_test_e2e_is_the_whole_one() -> None:
    """It needs Docker, so it runs seldom: a service that it does not know is seen by nobody to be missing."""
    ports = {name for name, service in OURS.items() if service.get("ports")}
    assert set(test_stack.SERVICES) == ports
    used = set(re.findall(r"127\.0\.0\.1:\$\{(\w+)", str([OURS[name]["ports"] for name in ports])))
    assert set(test_stack.PORTS) == used
