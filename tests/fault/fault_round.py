"""One round: a fresh system, a workload, a schedule of faults, and a verdict on the log."""

import asyncio
import shutil
import subprocess
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from services.replay.log_file import lines_of
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition
from tests.fault.client_history import HistoryFile
from tests.fault.nemesis import Nemesis
from tests.fault.observer import Seen, observed
from tests.fault.poison import poisoned
from tests.fault.schedule import Fault, at_the_same_time, brokers_of, round_of
from tests.fault.system import EDITION, System, running_system
from tests.fault.topic_change import change_and_cure
from tests.fault.verdict import NOTHING, Judged, Verdict, verdict
from tests.fault.workload import Workload

Progress = Callable[[str], None]
RECOVER_EVERY = 5  # faults or pairs of them, after which the system has to become ready


class RoundResult(msgspec.Struct, frozen=True):
    """What a round did and found; a line of the journal. `version` is the commit that was tested."""

    seed: int
    number: int
    brokers: int
    faults: dict[str, int]
    calls: int
    decisions: int
    events: int
    seconds: float
    restarted: list[str]  # services that ended by themselves
    violations: list[str]
    version: str


async def run_round(seed: int, number: int, faults: int, folder: Path, progress: Progress) -> RoundResult:
    """Run a round in `folder`, which stays if there is a violation: log.jsonl, calls.jsonl, and the logs."""
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run = _Round(seed, number, folder, progress)
    async with running_system(folder, brokers_of(number)) as system:
        try:
            await run.go(system, round_of(seed, number, faults))
        except Exception as error:  # whatever it is, the round has failed, and the next one can be run
            run.found.append(f"recovery: {type(error).__name__}: {error}")
            (folder / "error.txt").write_text(traceback.format_exc(), encoding="utf-8")
    run.found += [f"no_service_ends: {name} ended by itself" for name in system.ended_by_themselves]
    result = RoundResult(
        seed,
        number,
        brokers_of(number),
        dict(run.inflicted),
        len(run.history.calls),
        run.decisions,
        run.events,
        round(time.monotonic() - began, 1),
        system.ended_by_themselves,
        run.found,
        version(),
    )
    for records in [folder] if not run.found else folder.glob("broker-*/kafka"):  # the saved log has what matters
        shutil.rmtree(records)
    return result


class _Round:
    def __init__(self, seed: int, number: int, folder: Path, progress: Progress) -> None:
        self._seed, self._number = seed, number
        self._folder = folder
        self._progress = progress
        self._editions = EditionLibrary.single(load_edition(EDITION))
        self.history = HistoryFile(folder / "calls.jsonl")
        self.inflicted: Counter[str] = Counter()
        self.found: list[str] = []
        self.decisions = self.events = 0

    async def go(self, system: System, faults: list[Fault]) -> None:
        """Faults and a verdict; then the change of a topic, its cure, and a verdict on what came afterwards."""
        async with observed(system.brokers.settings) as seen:
            await self._with_faults(system, at_the_same_time(self._seed, self._number, faults[:-1]))
            judged = await self._judge(system, seen, NOTHING)
            self._progress(str(faults[-1]))
            async with Workload(system.intake_url, self.history, f"{self._seed}/{self._number}/2") as workload:
                await change_and_cure(system, faults[-1], workload)
                self.inflicted[faults[-1].kind] += 1
                await workload.stop()
            await self._judge(system, seen, judged)

    async def _with_faults(self, system: System, groups: list[list[Fault]]) -> None:
        nemesis = Nemesis(system)
        async with (
            poisoned(system.brokers.settings, f"{self._seed}-{self._number}"),
            Workload(system.intake_url, self.history, f"{self._seed}/{self._number}/1") as workload,
        ):
            workload.start()
            for done, group in enumerate(groups, 1):
                self._progress(" and ".join(map(str, group)))
                await system.supervise()
                await asyncio.gather(*map(nemesis.inflict, group))
                self.inflicted.update(fault.kind for fault in group)
                if done % RECOVER_EVERY == 0:
                    await system.ready()
            await system.ready()
            await workload.stop()

    async def _judge(self, system: System, seen: Seen, before: Judged) -> Judged:
        found = await verdict(system.brokers.settings, self.history.calls, seen, self._editions, before=before)
        with found.log:
            self.decisions += found.requests
            self.events += found.events
            self.found += map(str, found.violations)
            if found.violations:
                self._keep(found, "log.jsonl" if before is NOTHING else "log-after-topic-change.jsonl")
            return found.judged()

    def _keep(self, found: Verdict, name: str) -> None:
        with (self._folder / name).open("wb") as file:
            file.writelines(lines_of(found.log))


def version() -> str:
    """The commit that is tested, marked if files differ from it; "unknown" without git."""
    command = ("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
