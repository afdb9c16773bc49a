"""Shifts the wall clock of a service process under test by what a file says; Python imports this file by its name.

The folder is on PYTHONPATH of processes that the fault tests start, and of no others. `FRONTLINE_FAULT_CLOCK` names the
file, which has a number of seconds. The monotonic clock is not shifted, as with a real step of the wall clock.
"""

import os
import time
from datetime import datetime, timedelta

from shared import wall_clock

_FILE = os.environ["FRONTLINE_FAULT_CLOCK"]
_true_time = time.time  # noqa: TID251 - this file replaces it
_true_now = wall_clock.utc_now


def _shift() -> float:
    try:
        with open(_FILE, encoding="ascii") as file:  # noqa: PTH123 - the cheapest way: each reading of the clock does it
            return float(file.read() or 0)
    except OSError:
        return 0.0


def _shifted_now() -> datetime:
    return _true_now() + timedelta(seconds=_shift())


def _shifted_time() -> float:
    return _true_time() + _shift()


wall_clock.utc_now = _shifted_now
time.time = _shifted_time  # noqa: TID251 - as above
