"""Parts of the work done by processes, one for each core; Ctrl-C ends it once what is begun is finished."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Event, Thread

from tests.oracle.judging import Tally, judged_seeds

Part = tuple[int, int, int]  # the first seed, how many seeds, questions to each


def work_through(parts: Sequence[Part], workers: int) -> Iterator[tuple[Part, Tally]]:
    """Each part with what came of it, in the order in which they are finished; not all of them after Ctrl-C."""
    left, running = iter(parts), dict[Future[Tally], Part]()
    with _asked_to_stop() as stop, ProcessPoolExecutor(workers, get_context("spawn"), initializer=_belong) as pool:
        while True:
            if not stop.is_set():
                running |= {pool.submit(_judged, part): part for part in islice(left, 2 * workers - len(running))}
            if not running:
                return
            for future in wait(running, timeout=1, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()


@contextmanager
def _asked_to_stop() -> Iterator[Event]:
    """Ctrl-C and its like as an event, so that they interrupt nothing that is half done."""
    stop, numbers = Event(), (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _judged(part: Part) -> Tally:
    first, seeds, questions = part
    return judged_seeds(range(first, first + seeds), questions)


def _belong() -> None:
    """A worker finishes what it has begun when a terminal's Ctrl-C comes to all, and does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()
