"""The pytest plugin: the fixture `frontline`, one running system for all tests of a session.

Nothing of the kit is imported before a test asks for the fixture, so that test runs without it start as fast as ever.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from frontline_testkit.frontline import Frontline
    from frontline_testkit.system import System

WAYS = ("command", "docker")


def pytest_addoption(parser: pytest.Parser) -> None:
    """How to run Frontline."""
    group = parser.getgroup("frontline")
    group.addoption(
        "--frontline",
        choices=WAYS,
        help="run Frontline by its command (the default; FRONTLINE_COMMAND names it), or in containers",
    )
    group.addoption(
        "--frontline-ready-file",
        metavar="FILE",
        help="use the system that `frontline up --test-clock --ready-file FILE` is running, and leave it running",
    )
    parser.addini("frontline", "how to run Frontline: command or docker", default="command")
    parser.addini("frontline_policy", "the edition to use: the name of a shipped one, or a file beside this one")


@pytest.fixture(scope="session")
def frontline(pytestconfig: pytest.Config) -> "Iterator[Frontline]":
    """A running Frontline, started at first use and stopped after the last test."""
    from frontline_testkit.errors import NotStarted  # noqa: PLC0415 - only for tests that use it
    from frontline_testkit.frontline import Frontline  # noqa: PLC0415 - as above

    system, why_not = _chosen(pytestconfig), ""
    try:
        addresses = system.start()
    except NotStarted as error:
        why_not = str(error)
    if why_not:  # outside of the block above, whose error pytest would show as well
        pytest.fail(why_not, pytrace=False)
    try:
        running = Frontline(addresses)
        yield running
        running.close()
    finally:
        system.stop()


def _chosen(config: pytest.Config) -> "System":
    from frontline_testkit.command import FrontlineCommand  # noqa: PLC0415 - as above
    from frontline_testkit.system import RunningFrontline  # noqa: PLC0415 - as above

    ready_file = config.getoption("--frontline-ready-file") or os.environ.get("FRONTLINE_READY_FILE")
    if ready_file:
        return RunningFrontline(Path(ready_file))
    way: str = config.getoption("--frontline") or config.getini("frontline")
    if way not in WAYS:
        raise pytest.UsageError(f"frontline = {way} in {config.inipath}: allowed are {', '.join(WAYS)}")
    policy = _policy(config)
    if way == "docker":
        try:
            from frontline_testkit.container import FrontlineContainer  # noqa: PLC0415 - needs the extra [docker]
        except ModuleNotFoundError as error:
            raise pytest.UsageError(f"there is no package {error.name}: install frontline-testkit[docker]") from None

        return FrontlineContainer(policy=policy)
    return FrontlineCommand(policy=policy)


def _policy(config: pytest.Config) -> str | None:
    """The edition of the ini file; a file is looked for beside that one."""
    policy: str | None = config.getini("frontline_policy") or None
    if policy is None or config.inipath is None:
        return policy
    file = config.inipath.parent / policy
    return str(file) if file.is_file() else policy
