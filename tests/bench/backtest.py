"""`python -m tests.bench.backtest`: how many events a backtest folds in a second of CPU, with the goal beside it.

Events are the recorded requests, entitlements and activities, not what the services published. Each is folded under
both editions. Reading the file is measured apart, and is part of the figure in brackets.
"""

import argparse
import platform
import resource
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import process_time

from services.replay.backtest.backtest import Backtest
from services.replay.log_file import lines_of, read_lines
from services.replay.recorded_log import RecordedLog
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition
from shared.policy.model import Edition
from tests.harness.asking import account
from tests.harness.recording import Recording

GOAL = 5_000  # events in a second of CPU
TOLERANCE = 0.25
_PARTITIONS = 12
_IMPACTS = ("down", "significant", "general", "information")
_PLANS = ("premier_plus", "premier", "access")


def recorded(cases: int, edition: Edition) -> Recording:
    """A log of so many cases: most are answered and resolved, some wait for the customer, one in ten changes."""
    recording = Recording(EditionLibrary.single(edition), partitions=_PARTITIONS)
    for number in range(50):
        recording.sets_entitlement(account(account_id=f"a{number}", plan=_PLANS[number % len(_PLANS)]))
    for number in range(1, cases + 1):
        impact = _IMPACTS[number % len(_IMPACTS)]
        case_id = recording.asks(number, account_id=f"a{number % 50}", channel="web_ticket", impact=impact)
        recording.runs()
        for minutes, kind, said in _activity(number):
            recording.passes(timedelta(minutes=minutes))
            recording.record_activity(kind, case_id, **said)
            recording.runs()
    return recording


def _activity(number: int) -> Iterator[tuple[int, str, dict[str, str]]]:
    if number % 10 == 0:
        yield 1, "reprioritised", {"impact": "significant"}
    if number % 3:
        yield 1, "agent_replied", {}
    if number % 4 == 1:
        yield 1, "status_changed", {"to": "waiting_on_customer"}
        yield 2, "customer_replied", {}
        yield 1, "status_changed", {"to": "open"}
    if number % 5:
        yield 2, "resolved", {}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench.backtest", description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000, help="in the log (%(default)s)")
    parser.add_argument("--strict", action="store_true", help="exit 1 if the goal is missed by more than a quarter")
    options = parser.parse_args(arguments)
    before, after = load_edition("guidelines-2021"), load_edition("objectives-2024")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.jsonl"
        with recorded(options.cases, before).log() as log:
            file.write_bytes(b"".join(lines_of(log)))
        figures = {
            "against what was decided": _measured(file, before, after, None),
            "against an edition by name": _measured(file, before, after, before),
        }
    print(f"Python {platform.python_version()}, {options.cases:,} cases, {_peak_megabytes():.0f} MB at most")
    print(f"events in a second of CPU; in brackets with reading the file; the goal is {GOAL:,}\n")
    for name, (folding, with_reading) in figures.items():
        verdict = "met" if folding >= GOAL else "missed"
        print(f"{name:<27} {folding:>7,.0f} ({with_reading:,.0f})  {verdict}")
    missed = any(folding < GOAL * (1 - TOLERANCE) for folding, _ in figures.values())
    return 1 if options.strict and missed else 0


def _measured(file: Path, before: Edition, after: Edition, baseline: Edition | None) -> tuple[float, float]:
    """Events in a second of CPU: of the fold alone, and with reading the file. The best of three."""
    best: tuple[float, float] = (0.0, 0.0)
    for _ in range(3):
        started = process_time()
        with file.open("rb") as lines, read_lines(lines) as log:
            read = process_time()
            configured = EditionLibrary.single(before)
            result = Backtest(after, baseline=baseline, configured=configured, spool=RecordedLog.empty).run(log)
            done = process_time()
        if not result.counts["affected"]:
            raise AssertionError("the editions differ, and the backtest says that nothing does")
        best = max(best, (result.events / (done - read), result.events / (done - started)))
    return best


def _peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    sys.exit(main())
