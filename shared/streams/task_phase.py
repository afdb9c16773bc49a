"""[pure] The phases of a task and the legal transitions between them.

taking_over ──> restoring ──> catching_up ──> running
taking_over | restoring | catching_up | running ──> failed ──> taking_over         after a pause
catching_up | running ──> taking_over                                              at once, if a record was refused
taking_over | restoring | catching_up | running ──> fenced                         until the group assigns it again
taking_over | restoring | catching_up | running | failed | fenced ──> stopped      revoked, or SIGTERM
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.streams.errors import IllegalTransition


class Phase(StrEnum):
    """What a task does now. The values are the states of the metric `frontline_task_state`."""

    TAKING_OVER = "taking_over"
    RESTORING = "restoring"
    CATCHING_UP = "catching_up"
    RUNNING = "running"
    FAILED = "failed"
    FENCED = "fenced"
    STOPPED = "stopped"

    @property
    def processes(self) -> bool:
        """Whether transactions are made in this phase."""
        return self in (Phase.CATCHING_UP, Phase.RUNNING)


class Restored(NamedTuple):
    """How far a restore is: records of changelogs that were read, offsets that are still to be read."""

    records: int = 0
    remaining: int = 0


_ENDS = frozenset({Phase.FAILED, Phase.FENCED, Phase.STOPPED})

TRANSITIONS: Mapping[Phase, frozenset[Phase]] = {
    Phase.TAKING_OVER: _ENDS | {Phase.RESTORING},
    Phase.RESTORING: _ENDS | {Phase.CATCHING_UP},
    Phase.CATCHING_UP: _ENDS | {Phase.RUNNING, Phase.TAKING_OVER},
    Phase.RUNNING: _ENDS | {Phase.TAKING_OVER},
    Phase.FAILED: frozenset({Phase.TAKING_OVER, Phase.STOPPED}),
    Phase.FENCED: frozenset({Phase.STOPPED}),
    Phase.STOPPED: frozenset(),
}


def check_transition(partition: int, before: Phase, after: Phase) -> None:
    """Raises IllegalTransition if a task may not go from `before` to `after`."""
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(partition, before, after)
