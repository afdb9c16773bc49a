"""[pure] What a task runs: the contract between the task runtime and a service's topology.

A processor is deterministic: records, stores and `now` come in, outputs and store changes go into the `Overlay`.
It does no I/O and keeps no state of its own except indexes that it can rebuild from its stores (`store_changed`).
A transaction may be aborted, and nobody is told: an index follows `store_changed`, never what was merely processed.
"""

from datetime import datetime
from typing import Protocol

from shared.contracts.topics import Topic
from shared.kafka.overlay import Overlay
from shared.kafka.record import Record


class PoisonRecord(Exception):
    """This record can never be processed: it goes to the dead letters with `cause` and a message for people.

    `cause` is a stable word for machines (`malformed_event`, `unknown_case`, …). The message names fields and ids,
    never a customer's text.
    """

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class TaskMustStop(Exception):
    """Going on would be wrong for every record (a missing edition, a lost offset): stop the task, say why, retry."""


class Processor(Protocol):
    """One partition's worth of a service. Made anew, restored, then run."""

    sources: tuple[Topic, ...]  # in the order in which a slice takes them
    catch_up: tuple[
        Topic, ...
    ]  # those read to their end before the others at a takeover: the others are joined with them
    sinks: tuple[Topic, ...]  # what it emits to, the dead letters of its sources aside
    stores: tuple[str, ...]  # names of its state stores; each has the changelog `{service}-{store}-changelog`

    def process(self, record: Record, overlay: Overlay) -> None:
        """Handle one record at `overlay.now`. Raises PoisonRecord; its changes are then dropped, nobody else's."""

    def punctuate(self, overlay: Overlay, limit: int) -> int:
        """Fire at most `limit` timers with `due_at < overlay.now`, in due order; returns how many fired."""

    def next_due(self) -> datetime | None:
        """The earliest committed timer, or None. A timer is due when the wall clock is *past* it."""

    def store_changed(self, store: str, key: bytes, value: bytes | None) -> None:
        """Called for each committed change and each restored record, to keep indexes; value None = deleted."""
