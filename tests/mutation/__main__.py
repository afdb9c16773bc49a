"""`python -m tests.mutation`: mutants of the arithmetic of promises, and how many of them the tests notice.

Results are kept in mutants/: stopped with Ctrl-C, the next run goes on there; where code has changed since, mutants of
the changed functions alone are tried again. `rm -r mutants` begins anew. Exits 1 if a group misses its goal, 130 if it
was stopped.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tests.mutation.score import GOAL, NoResults, grouped, read_scores, table, together

ROOT = Path(__file__).parents[2]
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _options(arguments)
    if not options.report:
        try:
            command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(options.workers), *options.mutants]
            subprocess.run(command, cwd=ROOT, check=True)
        except KeyboardInterrupt:
            print("\nstopped; the next run goes on from here", file=sys.stderr)
            return INTERRUPTED
        except subprocess.CalledProcessError as error:
            print(f"mutmut ended with exit code {error.returncode}", file=sys.stderr)
            return error.returncode
    try:
        groups = grouped(read_scores(options.folder))
    except NoResults:
        print(f"there are no mutants in {options.folder}: run `make mutants`", file=sys.stderr)
        return 1
    print(table(groups))
    print("`python -m mutmut results` names those that survived, `python -m mutmut show NAME` shows one")
    return 0 if all(together(name, scores).share >= GOAL for name, scores in groups.items()) else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m tests.mutation", description=__doc__, formatter_class=written)
    parser.add_argument("mutants", nargs="*", help="only these, by name or pattern (shared.sla.next_due.*)")
    parser.add_argument("--report", action="store_true", help="try nothing, only show what is known")
    parser.add_argument("--workers", type=int, default=2, help="at the same time (%(default)s)")
    parser.add_argument("--folder", type=Path, default=ROOT / "mutants", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
