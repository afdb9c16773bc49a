"""`python -m tests.oracle`: business time against an independent judge, case by random case.

Finished parts are kept in .frontline: stopped with Ctrl-C, the next run goes on there; a change of business time, of
the judge or of its data begins anew. Exits 1 if there is a difference, 130 if it was stopped.
"""

import argparse
import os
import sys
from pathlib import Path

from tests.oracle.judging import Tally
from tests.oracle.progress import Progress
from tests.oracle.record import ROOT, Record, judging_now
from tests.oracle.work import work_through

SEEDS = 10  # of a part: a second or two of work, which is what Ctrl-C may have to wait for
INTERRUPTED = 130
CASE = """A case is one calendar and one question (start, end, pauses, target). All answers are compared to the
microsecond: is_open, elapsed, the ledger entry by entry with its reasons (and so its sum), add, next_open, and what is
due, measured and explained in elapsed and in elapsed_then_next_open hours, and deadlines in business days."""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _options(arguments)
    judging = judging_now()
    record = Record(options.record, judging)
    if record.begins_anew:
        print("what was judged before was something else: beginning anew", file=sys.stderr)
    size = SEEDS * options.questions
    parts = [(options.seed + n * SEEDS, SEEDS, options.questions) for n in range(-(-options.cases // size))]
    tally = Tally()
    for part in parts:
        if part in record.done:
            tally.include(record.done[part])
    progress = Progress(len(parts) * size, tally)
    for part, judged in work_through([part for part in parts if part not in record.done], options.workers):
        record.add(part, judged)
        tally.include(judged)
        progress.show(tally)
    progress.done()
    print(_summary(tally, judging))
    finished = all(part in record.done for part in parts)
    if not finished:
        print("stopped; the next run goes on from here", file=sys.stderr)
    if tally.differences:
        return 1
    return 0 if finished else INTERRUPTED


def _options(arguments: list[str] | None) -> argparse.Namespace:
    written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m tests.oracle", description=__doc__, formatter_class=written)
    parser.add_argument("--cases", type=_count, default=1_000_000, help="at least so many (%(default)s)")
    parser.add_argument("--questions", type=_count, default=40, help="to each calendar (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the first; each is another calendar (%(default)s)")
    parser.add_argument("--workers", type=_count, default=os.cpu_count() or 1, help="processes (%(default)s)")
    parser.add_argument("--record", type=Path, default=ROOT / ".frontline" / "oracle.jsonl", help="what is done")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if not text.replace("_", "").isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _summary(tally: Tally, judging: str) -> str:
    cases = max(tally.cases, 1)
    rows = [
        ("cases", f"{tally.cases:,}"),
        ("calendars", f"{tally.calendars:,}"),
        ("unions of calendars", f"{tally.unions:,}"),
        ("zones", f"{len(tally.zones):,}"),
        ("within two days of a change of offset", f"{tally.near / cases:.1%}"),
        ("over more than a year", f"{tally.long / cases:.1%}"),
        ("with a deadline that the judge could see", f"{tally.deadlines / cases:.1%}"),
        ("with a deadline in business days that the judge could see", f"{tally.in_days / cases:.1%}"),
        ("differences", f"{tally.differences:,}"),
    ]
    width = max(len(name) for name, _ in rows)
    table = [f"  {name:<{width}}  {value:>9}" for name, value in rows]
    return "\n".join([*tally.examples, f"Judged: {judging}.", CASE, *table])


if __name__ == "__main__":
    sys.exit(main())
