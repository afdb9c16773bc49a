"""[pure] How far the cases were rebuilt that were looked at last: at each new activity, only that activity is applied.

Bounded in cases and in bytes: it forgets the case first that was looked at longest ago, which is then rebuilt from its
beginning. It has no texts of customers. A case takes about 1 kB, and some 50 bytes for each activity.
"""

from collections import OrderedDict
from collections.abc import Mapping

from shared.contracts.structs import CaseRouted
from shared.explain.case_log import CaseLog
from shared.explain.rebuild_case import Checkpoint, RebuiltCase, rebuild_from
from shared.sla.pinned_edition import PinnedEdition

LIMIT = 4_000  # cases
BUDGET = 32_000_000  # bytes
OVERHEAD = 1_000  # bytes that a case takes beside its state and what it passes over
PASSED_OVER = 40  # bytes for each activity that does not count


class RebuiltCases:
    """The cache. All of it runs in the event loop's thread."""

    def __init__(self, limit: int = LIMIT, budget: int = BUDGET) -> None:
        self._limit, self._budget = limit, budget
        self._checkpoints: OrderedDict[str, Checkpoint] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._checkpoints)

    @property
    def size(self) -> int:
        """How many bytes it takes, approximately."""
        return self._size

    def clear(self) -> None:
        """Forget every case."""
        self._checkpoints.clear()
        self._size = 0

    def find(self, log: CaseLog, case: CaseRouted, editions: Mapping[bytes, PinnedEdition]) -> RebuiltCase:
        """What `rebuild_case` makes of these. What it answers is the caller's own."""
        before = self._checkpoints.pop(case.case_id, None)
        if before is not None:
            self._size -= _size_of(before)
        rebuilt, reached = rebuild_from(before, log, case, editions)
        self._checkpoints[case.case_id] = reached
        self._size += _size_of(reached)
        while len(self._checkpoints) > self._limit or self._size > self._budget:
            self._size -= _size_of(self._checkpoints.popitem(last=False)[1])
        return rebuilt


def _size_of(checkpoint: Checkpoint) -> int:
    return OVERHEAD + len(checkpoint.stored or b"") + PASSED_OVER * len(checkpoint.passed_over)
