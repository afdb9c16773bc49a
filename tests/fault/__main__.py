"""`python -m tests.fault`: faults of every kind on the whole system, and a checker that judges what it wrote.

The real services run as processes on the embedded Kafka (one broker, or three), behind TCP proxies. Each round starts
a fresh system, inflicts faults by a seed while clients call it, and checks the invariants of docs/reliability.md.
Rounds that are done are in a journal: stopped with Ctrl-C, the next run of the same commit goes on with that round.
Exits 1 if an invariant is violated, 130 if it was stopped.
"""

import argparse
import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from shared.embedded_kafka.errors import PortTaken
from tests.fault.fault_round import RoundResult, run_round, version
from tests.fault.journal import Journal
from tests.fault.schedule import FAULTS_PER_ROUND, KINDS, TOPIC_KINDS

FOLDER = Path(__file__).parents[2] / ".frontline"
INTERRUPTED = 130
_TRIES = 3  # of a round whose ports are taken by other programs


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _options(arguments)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the observer's connections break with the brokers
    journal, tested = Journal(options.journal, fresh=options.fresh), version()
    numbers = range(-(-options.faults // FAULTS_PER_ROUND))
    done = journal.of(options.seed, tested)
    if options.round is not None:
        numbers, done = range(options.round, options.round + 1), {}
    try:
        asyncio.run(_rounds(options.seed, [each for each in numbers if each not in done], journal, options.keep))
    except KeyboardInterrupt:
        print("stopped" if options.fresh else "stopped; the next run goes on with this round", file=sys.stderr)
        return INTERRUPTED
    results = [result for number, result in journal.of(options.seed, tested).items() if number in numbers]
    print(summary(results))
    return 1 if any(result.violations for result in results) else 0


async def _rounds(seed: int, left: Sequence[int], journal: Journal, keep: Path) -> None:
    began = time.monotonic()
    for ran, number in enumerate(left):
        eta = f", ETA {(time.monotonic() - began) / ran * (len(left) - ran) / 60:.0f} min" if ran else ""
        _say(f"round {number} of seed {seed}, {len(left) - ran} to go{eta}")
        folder = keep / f"{seed}-{number}"
        result = await _round(seed, number, folder)
        journal.add(result)
        _say(
            f"round {number}: {sum(result.faults.values())} faults, {result.decisions} decisions, {result.events} "
            f"events in {result.seconds:.0f} s, {len(result.violations)} violations"
        )
        for violation in result.violations[:20]:
            _say(f"  VIOLATION {violation}")
        if result.violations:
            _say(f"  kept in {folder}")


async def _round(seed: int, number: int, folder: Path) -> RoundResult:
    """A round, and again if another program has taken one of its ports: a run of hours must not end for that."""
    for _ in range(_TRIES - 1):
        try:
            return await run_round(seed, number, FAULTS_PER_ROUND, folder, lambda line: _say(f"  {line}"))
        except PortTaken as error:
            _say(f"  {error} The round begins again.")
    return await run_round(seed, number, FAULTS_PER_ROUND, folder, lambda line: _say(f"  {line}"))


def summary(results: Collection[RoundResult]) -> str:
    """How often each kind of fault was inflicted, how much was checked, and the verdict."""
    faults: Counter[str] = Counter()
    for result in results:
        faults.update(result.faults)
    found = sum(len(result.violations) for result in results)
    lines = [f"  {kind:<18}{faults[kind]:>6}" for kind in (*KINDS, *TOPIC_KINDS)]
    lines += [
        f"  {'faults':<18}{faults.total():>6}",
        f"  {'rounds':<18}{len(results):>6}",
        f"  {'on three brokers':<18}{sum(result.brokers == 3 for result in results):>6}",
        f"  {'calls':<18}{sum(result.calls for result in results):>6}",
        f"  {'decisions':<18}{sum(result.decisions for result in results):>6}",
        f"  {'escalation events':<18}{sum(result.events for result in results):>6}",
        f"  {'ended services':<18}{sum(len(result.restarted) for result in results):>6}",
        f"  {'violations':<18}{found:>6}",
    ]
    lines += [f"  {violation}" for result in results for violation in result.violations]
    return "\n".join(lines)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m tests.fault", description=__doc__, formatter_class=written)
    parser.add_argument("--faults", type=_count, default=60, help="at least so many, in rounds of 20 (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same faults (%(default)s)")
    parser.add_argument("--round", type=int, help="run this round of the seed again, and no other")
    parser.add_argument("--journal", type=Path, default=FOLDER / "fault.jsonl", help="the rounds that are done")
    parser.add_argument("--fresh", action="store_true", help="forget the rounds that are done")
    parser.add_argument("--keep", type=Path, default=FOLDER / "fault", help="where a round with a violation stays")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
