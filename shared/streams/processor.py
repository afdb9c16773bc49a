"""[pure] What a task runs: the contract between the task runtime and a service's topology.

A processor is deterministic: records, stores and `now` come in, outputs and store changes go into the `Overlay`.
It does no I/O and keeps no state of its own except indexes that it can rebuild from its stores (`store_changed`).
A transaction may be aborted without notice, so an index follows `store_changed`, never `process`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.streams.overlay import Overlay


class Timer(NamedTuple):
    """A timer that is due: the entry of a store that it belongs to. Timers sort in the order in which they fire."""

    due: int  # microseconds since 1970 UTC
    store: str
    key: bytes


class Postponed(NamedTuple):
    """What of a task is isolated and waits for its retry."""

    timers: int = 0  # how many
    earliest: datetime | None = None  # when the first timer of these was due


class Processor(Protocol):
    """The part of a service that handles one partition. Created, restored, then run."""

    sources: tuple[Topic, ...]  # in the order in which a slice processes them
    read_first: tuple[Topic, ...]  # sources that the others are joined with, whose records wait for these
    sinks: tuple[Topic, ...]  # topics that it emits to, besides the dead letters of its sources
    stores: tuple[str, ...]  # names of its state stores; each has the changelog `{service}-{store}-changelog`

    def process(self, record: Record, overlay: Overlay) -> None:
        """Handle one record at `overlay.now`. Raises PoisonRecord; the changes of this record are then dropped."""

    def due_timers(self, overlay: Overlay) -> Iterator[Timer]:
        """The timers that are due at `overlay.now`, in due order.

        The caller fires or isolates each one before it takes the next, so a timer that a fired one makes due comes in
        its due order. It may leave the last one that it has taken: this one is due again in the next transaction.
        """

    def fire(self, timer: Timer, overlay: Overlay) -> None:
        """Fire one timer that `due_timers` has just returned. If it raises, the changes of this timer are dropped."""

    def isolate(self, timer: Timer, error: Exception, until: datetime, overlay: Overlay) -> None:
        """Isolate what `timer` is about, which has failed alone: `due_timers` returns it again after `until`, or after
        a restart.

        Called in the transaction in which `due_timers` returned it, with the changes of `fire` undone, or in one of its
        own after the broker has refused what it produces.
        """

    def postponed(self) -> Postponed:
        """What is isolated now, for the metrics."""

    def timer_ids(self, timer: Timer) -> Mapping[str, str]:
        """The ids that a log line about this timer carries, by name, such as `case_id`."""

    def next_due(self) -> datetime | None:
        """When the task has to fire timers next, or None. A timer is due when the wall clock is *past* its instant; one
        that is isolated, when the wall clock is past the instant of its retry.
        """

    def store_changed(self, store: str, key: bytes, value: bytes | None) -> None:
        """Called for each committed change, to keep indexes; value None = deleted.

        After a restore it is called for each entry of each store, in any order, before anything else is called.
        """
