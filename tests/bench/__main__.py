"""`python -m tests.bench`: how long business time and decisions take, with the goal beside each figure.

What is measured is checked against the right answer first. Exits 0 whatever the figures, as machines differ and are
busy; with --strict it exits 1 if a goal is missed by more than the tolerance.
"""

import argparse
import os
import platform
import sys

from shared.business_time.zones import TZDATA_VERSION
from tests.bench import calendars, decisions
from tests.bench.measure import Question, measured, table


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _options(arguments)
    figures = [measured(question, options.repeats) for question in questions()]
    print(f"Python {platform.python_version()}, tzdata {TZDATA_VERSION}, {os.cpu_count()} cores, {_load()}")
    print(f"median of {options.repeats} repeats; a warm calendar unless it says otherwise\n")
    print(table(figures))
    missed = [figure for figure in figures if figure.missed(options.tolerance)]
    if options.strict and missed:
        print(f"\n{len(missed)} missed by more than {options.tolerance:.0%}", file=sys.stderr)
    return 1 if options.strict and missed else 0


def questions() -> list[Question]:
    """All that is measured."""
    return [*calendars.questions(), *decisions.questions()]


def _load() -> str:
    if not hasattr(os, "getloadavg"):
        return "load unknown"
    return f"load {os.getloadavg()[0]:.1f}"


def _options(arguments: list[str] | None) -> argparse.Namespace:
    written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__, formatter_class=written)
    parser.add_argument("--repeats", type=int, default=15, help="of each figure (%(default)s)")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a goal is missed")
    parser.add_argument("--tolerance", type=float, default=0.25, help="by how much it may be (%(default)s)")
    options = parser.parse_args(arguments)
    if options.repeats < 1:
        parser.error("there must be at least one repeat")
    return options


if __name__ == "__main__":
    sys.exit(main())
