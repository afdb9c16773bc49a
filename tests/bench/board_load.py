"""`python -m tests.bench.board_load`: the board with many open cases, under a steady rate of events on a real Kafka.

1. The records of so many open cases are written to Kafka: those that both services wrote, under other ids.
2. The board catches up with them, into a file of its own.
3. Replies are written at a steady rate, one in ten with a new case. Meanwhile the usual lists and their pages are asked
   for, one after the other, agents have the list open in a page, and a stream of changes says when each update is to be
   seen. Latency of a list is from the call to its last byte; that of an update from the instant at which it was meant
   to be written.
4. With --kill the board is killed (kill -9) in the middle and started again.
5. At the end each case is there once, with as many records of each topic as were written, or the exit code is 1.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

import httpx

from services.board.store import cases
from services.board.store.cases import EVERYTHING, Wanted
from services.board.store.schema import connect
from shared.business_time.instants import to_micros
from shared.kafka.record import Record
from shared.pages.visit import PERSON
from shared.wall_clock import utc_now
from tests.bench.board_records import Copies, account_of, id_of, patterns
from tests.bench.board_whole import missing_or_doubled
from tests.bench.open_lists import OpenLists
from tests.bench.under_load import STOPPED, figures_of, rows_of, taken, until_stopped
from tests.harness.board_log import BoardLog
from tests.harness.broker import broker_for_tests
from tests.harness.intake import key_of
from tests.harness.processes import eventually
from tests.harness.recording import Recording
from tests.harness.service_process import ServiceProcess, service_process
from tests.harness.shipped import shipped_library
from tests.harness.sign_in import AGENT, token_of
from tests.harness.usage import Usage

QUERIES: dict[str, dict[str, str]] = {
    "all, by time left": {},
    "open, by time left": {"state": "open"},
    "priority and plan": {"priority": "P1", "plan": "premier_plus", "state": "open"},
    "rare combination": {"priority": "P4", "plan": "premier", "breached": "true", "state": "open"},
    "nothing like it": {"priority": "P9", "channel": "web_ticket"},
    "text, a rare word": {"text": "w19000"},
    "text, a frequent word": {"text": "w1"},
    "text, the beginning of many": {"text": "w19"},
    "text, one letter": {"text": "w"},
    "one account": {"account": f"{account_of(77)}-premier-plus-enterprise"},
    "newest": {"sort": "newest"},
    "changed": {"sort": "changed"},
}
PAGES: dict[str, dict[str, str]] = {
    "the page of the list": {},
    "the page of a search": {"text": "w19000"},
}
SUMS = "sums of the header"
UPDATE = "update to be seen"
LISTS_P95, UPDATE_P95 = 150.0, 1_000.0  # milliseconds: the goal
_AT_ONCE = 2_000
_SETTLE_SECONDS = 300.0


@dataclass(frozen=True)
class Load:
    """So many open cases, and so many events a second for so many seconds."""

    cases: int = 200_000
    rate: int = 500
    seconds: int = 60
    agents: int = 20  # who have the list open
    kill: bool = False
    pause: float = 0.1  # seconds between two questions


@dataclass
class Measured:
    """Milliseconds by what was asked; what was wrong at the end, in words."""

    load: Load
    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    usage: Usage = field(default_factory=Usage)
    caught_up_seconds: float = 0.0
    catch_up_cpu: float = 0.0
    file_megabytes: float = 0.0
    records: int = 0
    outage: float | None = None
    frames: int = 0  # of the open lists, a second
    wrong: list[str] = field(default_factory=list)

    @property
    def missed(self) -> list[str]:
        """The goals that were missed; a list after a kill has the outage in it."""
        found = []
        for name, values in self.latencies.items():
            p95 = figures_of(sorted(values))["p95"]
            if p95 > (UPDATE_P95 if name == UPDATE else LISTS_P95):
                found.append(f"{name}: p95 {p95:.0f} ms")
        return found


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench.board_load", description=__doc__)
    parser.add_argument("--cases", type=int, default=Load.cases, help="open cases (%(default)s)")
    parser.add_argument("--rate", type=int, default=Load.rate, help="events a second (%(default)s)")
    parser.add_argument("--seconds", type=int, default=Load.seconds, help="how long (%(default)s)")
    parser.add_argument("--agents", type=int, default=Load.agents, help="who have the list open (%(default)s)")
    parser.add_argument("--kill", action="store_true", help="kill -9 of the board in the middle")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a goal is missed")
    parser.add_argument("--json", action="store_true", help="print one line of JSON instead of the table")
    options = parser.parse_args(arguments)
    load = Load(options.cases, options.rate, options.seconds, options.agents, options.kill)
    done = until_stopped(_on_a_broker(load))
    if done is None:
        return STOPPED
    print(json.dumps(as_json(done)) if options.json else table(done))
    return 1 if done.wrong or (options.strict and done.missed) else 0


async def _on_a_broker(load: Load) -> Measured:
    async with broker_for_tests() as bootstrap:
        return await measured(load, bootstrap)


async def measured(load: Load, bootstrap: str) -> Measured:
    """Run it on that broker."""
    log = BoardLog(bootstrap, Recording(shipped_library("guidelines-2021"), partitions=6))
    await log.prepare()
    given = patterns()
    copies, done = Copies(given, 6), Measured(load)
    written = [(each, 0) for each in given.editions]
    await _write(log, (record for record, _ in written), "editions")
    done.records = await _write(log, (each for number in range(load.cases) for each in copies.case(number)), "records")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "board.sqlite"
        variables: dict[str, Any] = {**log.environment, "FRONTLINE_BOARD_FILE": str(file)}
        async with service_process("board", Path(folder) / "board.log", **variables) as board:
            began = time.monotonic()
            await board.start()
            await board.until("/readyz", 200, within=900)
            done.caught_up_seconds = time.monotonic() - began
            whole = Usage()
            whole.look(board.pid)
            done.catch_up_cpu = whole._seen
            _say(f"caught up with {done.records:,} records in {done.caught_up_seconds:.0f} s")
            await _under_load(done, log, board, file, copies)
            done.file_megabytes = sum(each.stat().st_size for each in file.parent.glob(file.name + "*")) / 1e6
            done.usage.look(board.pid)
            await board.terminate()
    return done


async def _write(log: BoardLog, records: Iterator[Record], what: str) -> int:
    names, count = log.settings.names, 0
    async with log.producer() as producer:
        while batch := list(islice(records, _AT_ONCE)):
            sent = [
                await producer.send(
                    names.physical(each.topic), each.value, each.key, each.partition, each.timestamp_ms, [*each.headers]
                )
                for each in batch
            ]
            await asyncio.gather(*sent)
            count += len(batch)
            if count % 100_000 < _AT_ONCE:
                _say(f"{count:,} {what} written")
    return count


class _Watch:
    """Follows the stream of changes, and knows what is still to be seen."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._last = ""
        self.is_open = False  # whether the stream has begun, once: from then on no change is missed
        self.waiting: dict[str, float] = {}  # case -> when its first update that was not seen was meant to be written
        self.seen: list[float] = []

    async def run(self) -> None:
        clock = asyncio.get_running_loop().time
        async with httpx.AsyncClient(base_url=self._url, headers=_AUTHORISED, timeout=60) as http:
            while True:
                with suppress(httpx.HTTPError):
                    headers = {"Last-Event-ID": self._last} if self._last else {}
                    async with http.stream("GET", "/v1/cases/changes", headers=headers) as answer:
                        answer.raise_for_status()
                        self.is_open = True
                        async for line in answer.aiter_lines():
                            if line.startswith("id: "):
                                self._last = line[4:]
                            elif line.startswith("data: ") and len(line) > 10:
                                meant = self.waiting.pop(json.loads(line[6:])["case_id"], None)
                                if meant is not None:
                                    self.seen.append((clock() - meant) * 1000)
                await asyncio.sleep(0.1)


_AUTHORISED = {"Authorization": f"Bearer {key_of('all')}"}


async def _under_load(done: Measured, log: BoardLog, board: ServiceProcess, file: Path, copies: Copies) -> None:
    load, clock = done.load, asyncio.get_running_loop().time
    watch, lists = _Watch(board.url), OpenLists(board.url, load.agents)
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(watch.run())]
    try:
        await eventually(lambda: watch.is_open, 60, "the stream of changes is open")
        done.usage.look(board.pid)
        async with lists.open():
            asking = [asyncio.create_task(_ask(done, board.url)), asyncio.create_task(_sums(done, file))]
            killing = asyncio.create_task(_kill(done, board, clock() + load.seconds / 2)) if load.kill else None
            sending = asyncio.create_task(_send(load, log, copies, watch))
            tasks += [*asking, sending, *([killing] if killing else [])]
            await asyncio.wait([*asking, sending], return_when=asyncio.FIRST_COMPLETED)
            for each in asking:
                if each.done():
                    each.result()  # raises why it ended
            replies = await sending
        done.frames = sum(lists.frames) // load.seconds
        if not all(lists.frames):
            done.wrong.append(f"{lists.frames.count(0)} agents whose list did not change")
        for each in asking:
            each.cancel()
        if killing is not None:
            await killing
        with suppress(AssertionError):
            await eventually(lambda: not watch.waiting, _SETTLE_SECONDS, "each update is to be seen")
        if watch.waiting:
            done.wrong.append(f"{len(watch.waiting):,} cases whose last update no stream has shown")
        done.latencies[UPDATE] = watch.seen
        done.wrong += await asyncio.to_thread(_wrong, file, load, copies, replies)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(load: Load, log: BoardLog, copies: Copies, watch: _Watch) -> Counter[int]:
    """Write replies and new cases at that rate. Returns how many replies each case has."""
    chance, clock, names = Random(7), asyncio.get_running_loop().time, log.settings.names
    replies: Counter[int] = Counter()
    number = load.cases
    async with log.producer() as producer:
        began, pending = clock(), []
        for serial in range(load.rate * load.seconds):
            meant = began + serial / load.rate
            if (wait := meant - clock()) > 0:
                await asyncio.sleep(wait)
            if serial % 10 == 9:
                case, number = number, number + 1
                records = list(copies.case(case))
            else:
                case = chance.randrange(load.cases)
                records = [copies.reply(case, serial)]
                replies[case] += 1
            watch.waiting.setdefault(id_of(case), meant)
            pending += [
                await producer.send(names.physical(e.topic), e.value, e.key, e.partition, None, [*e.headers])
                for e in records
            ]
            if len(pending) > 5_000:
                await asyncio.gather(*pending)
                pending.clear()
        await asyncio.gather(*pending)
    return replies


async def _ask(done: Measured, url: str) -> None:
    clock = asyncio.get_running_loop().time
    calls = [(name, "/v1/cases", query, _AUTHORISED) for name, query in QUERIES.items()]
    pages = [(name, "/", query, {"Cookie": f"{PERSON}={token_of(AGENT)}"}) for name, query in PAGES.items()]
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        for name, address, query, headers in cycle([*calls, *pages]):
            began = clock()
            while True:
                with suppress(httpx.RequestError):
                    answer = await http.get(address, params=query, headers=headers)
                    if answer.is_success:
                        break
                    if answer.is_client_error:
                        answer.raise_for_status()  # no outage: this question is wrong, however often it is asked
                await asyncio.sleep(0.05)  # it was killed: what is asked meanwhile takes until it is back
            done.latencies[name].append((clock() - began) * 1000)
            await asyncio.sleep(done.load.pause)


async def _sums(done: Measured, file: Path) -> None:
    board = await asyncio.to_thread(connect, file)
    while True:
        began, now = time.monotonic(), to_micros(utc_now())
        await asyncio.to_thread(cases.sums, board, Wanted(), EVERYTHING, now, now + 3_600_000_000)
        done.latencies[SUMS].append((time.monotonic() - began) * 1000)
        done.usage.look(done.usage.pid)
        await asyncio.sleep(1.0)


async def _kill(done: Measured, board: ServiceProcess, at: float) -> None:
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(at - clock())
    await board.kill()
    began = clock()
    await board.start()
    done.usage.look(board.pid)
    await board.until("/readyz", 200, within=600)
    done.outage = clock() - began


def _wrong(file: Path, load: Load, copies: Copies, replies: Counter[int]) -> list[str]:
    written, now = load.cases + load.rate * load.seconds // 10, to_micros(utc_now())
    with closing(connect(file)) as board:
        found = list(missing_or_doubled(board, written, copies, replies))
        still_open = cases.sums(board, Wanted(), EVERYTHING, now, now).open
    return found if still_open == written else [*found, f"{written - still_open:,} cases that are not open"]


def table(done: Measured) -> str:
    """For people."""
    load = done.load
    return "\n".join(
        [
            f"{load.cases:,} open cases ({done.records:,} records, {done.file_megabytes:,.0f} MB), {load.rate}/s for "
            f"{load.seconds} s",
            f"caught up in {done.caught_up_seconds:.0f} s, with {done.catch_up_cpu:.0f} s of CPU",
            f"{load.agents} agents had the list open, and were sent {done.frames} frames a second",
            *([f"killed; ready again after {done.outage:.1f} s"] if done.outage is not None else []),
            "",
            *rows_of(_figures(done), {"board": taken(done.usage)}),
            "",
            *(f"goal missed: {each}" for each in done.missed),
            *(f"wrong: {each}" for each in done.wrong),
        ]
    )


def as_json(done: Measured) -> dict[str, Any]:
    """For programs."""
    facts: Sequence[str] = (
        "caught_up_seconds",
        "catch_up_cpu",
        "file_megabytes",
        "records",
        "outage",
        "frames",
        "wrong",
        "missed",
    )
    return {"latencies": _figures(done), "board": taken(done.usage), **{name: getattr(done, name) for name in facts}}


def _figures(done: Measured) -> dict[str, dict[str, float]]:
    return {name: figures_of(sorted(values)) for name, values in done.latencies.items()}


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
