"""`python -m tests.unit.mutants.trial NAME...`: runs the test of each mutant; prints how it ended, a JSON line each.

What no mutant touches is imported once; then each mutant has a process of its own, forked, into which its module is
imported from mutated text. Nothing is written to disk.
"""

import gc
import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest
from _pytest.outcomes import Failed

from tests.unit.mutants.table import MUTANTS, ROOT, Mutant

# Slow to import, and mutated seldom or never.
IN_COMMON = (
    "pytest_asyncio",
    "hypothesis",
    "holidays",
    "tests.conftest",
    "shared.streams.task_state",
    "shared.policy.files",
)
# What a mutant and all that may be made of it begin with; of ours, but for this folder.
ABOVE = {
    "shared.business_time": ("shared.business_time", "shared.policy"),
    "shared.policy": ("shared.policy",),
}
AT_ONCE = 2
SECONDS = 60  # for one test; a mutant that is to run for ever is given LONG_ENOUGH
LONG_ENOUGH = 2


class _Mutated(Loader, MetaPathFinder):
    """Finds and loads one module, from mutated text."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self._mutant.module:
            return None
        return importlib.util.spec_from_file_location(name, ROOT / self._mutant.file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        code = compile(self._mutant.source, self._mutant.file, "exec")
        exec(code, module.__dict__)  # noqa: S102 - this is how modules are made


class _Witness:
    """A pytest plugin that remembers how the test ended."""

    def __init__(self) -> None:
        self.ended = "not run"

    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        if call.when == "call":
            self.ended = "passed"
        if call.excinfo is not None:
            error = call.excinfo.value
            asserts = isinstance(error, AssertionError | Failed) and "Timeout (>" not in str(error)
            timed_out = isinstance(error, Failed) and "Timeout (>" in str(error)
            self.ended = "failed" if asserts else "ran on" if timed_out else repr(error)


def _tried(mutant: Mutant) -> str:
    """How the mutant's test ends; in this process, which is good for nothing else afterwards."""
    tainted = ABOVE.get(mutant.module.rpartition(".")[0], ())
    for name in [name for name in sys.modules if name.startswith(tainted)]:
        del sys.modules[name]
    assert mutant.module not in sys.modules, f"{mutant.module} was imported as it is"
    sys.meta_path.insert(0, _Mutated(mutant))
    witness = _Witness()
    seconds = LONG_ENOUGH if mutant.for_ever else SECONDS
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    exit_code = pytest.main(
        [mutant.fails, "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "--timeout", str(seconds)],
        plugins=[witness],
    )
    return witness.ended if witness.ended != "not run" else f"pytest ended with {exit_code!r}"


def _fork(mutant: Mutant) -> tuple[int, int]:
    """Try a mutant in another process: its id, and where it will write how that ended."""
    out, into = os.pipe()
    process = os.fork()
    if process:
        os.close(into)
        return process, out
    try:
        ended = _tried(mutant)
    except BaseException:  # whatever it is, whoever asked is to know
        ended = traceback.format_exc()
    os.write(into, ended.encode()[:60_000])
    os._exit(0)


def trials(mutants: Iterable[Mutant]) -> Iterator[tuple[Mutant, str]]:
    """Each mutant and how its test ended, a few at a time."""
    waiting = list(mutants)
    running: list[tuple[Mutant, int, int]] = []
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            mutant = waiting.pop(0)
            running.append((mutant, *_fork(mutant)))
        mutant, process, out = running.pop(0)
        with os.fdopen(out) as said:
            ended = said.read()
        os.waitpid(process, 0)
        yield mutant, ended


if __name__ == "__main__":
    os.chdir(ROOT)
    for needed in IN_COMMON:
        importlib.import_module(needed)
    gc.freeze()
    for tried, how in trials(mutant for mutant in MUTANTS if mutant.name in sys.argv[1:]):
        print(json.dumps([tried.name, how]), flush=True)
