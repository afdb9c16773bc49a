"""The compose stack gives a container no more than its service needs, whichever service it is."""

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.contract.tree import ROOT

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


def test_the_image_is_not_roots_either() -> None:
    """Whoever runs it without the compose file."""
    users = re.findall(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert users == [SERVICES["intake"]["user"]]


def test_no_container_has_a_clock_that_a_test_may_advance() -> None:
    """It is for `frontline up --test-clock` alone: here, anybody with an admin's key could move every promise."""
    for file in (ROOT / "docker-compose.yml", ROOT / "Dockerfile", *(ROOT / "deploy").rglob("*.y*ml")):
        assert "TEST_CLOCK" not in file.read_text(encoding="utf-8").upper().replace("-", "_"), file


OURS = {name: service for name, service in SERVICES.items() if service["image"] == "frontline:local"}


def test_settings_are_checked_before_anything_of_ours_runs() -> None:
    """Else a wrong one is an unhealthy container after a minute, with the reason in its log alone."""
    checked = OURS["settings"]
    assert checked["command"] == ["frontline", "settings"]
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
