"""How far it is, on standard error: one line that changes on a terminal, else a line now and then."""

import sys
import time

from tests.oracle.judging import Tally

_EVERY = 15.0  # seconds, where lines stay


class Progress:
    """Of `total` cases; some may be done before it begins."""

    def __init__(self, total: int, before: Tally) -> None:
        self._total, self._before = total, before.cases
        self._begun = time.monotonic()
        self._said = float("-inf")
        self._changes = sys.stderr.isatty()

    def show(self, tally: Tally) -> None:
        """Say how far it is, unless that was said just now."""
        now = time.monotonic()
        if now - self._said < (0.2 if self._changes else _EVERY) and tally.cases < self._total:
            return
        self._said = now
        rate = (tally.cases - self._before) / max(now - self._begun, 1e-9)
        line = (
            f"{tally.cases:,} of {self._total:,} cases, {rate:,.0f}/s, {_left(self._total - tally.cases, rate)}, "
            f"{len(tally.zones)} zones, {tally.differences:,} differences"
        )
        print(f"\r\x1b[K{line}" if self._changes else line, end="" if self._changes else "\n", file=sys.stderr)
        sys.stderr.flush()

    def done(self) -> None:
        """Leave the line as it is."""
        if self._changes:
            print(file=sys.stderr)


def _left(cases: int, rate: float) -> str:
    if not cases:
        return "done"
    if not rate:
        return "time left unknown"
    minutes, seconds = divmod(round(cases / rate), 60)
    return f"{minutes} min left" if minutes else f"{seconds} s left"
