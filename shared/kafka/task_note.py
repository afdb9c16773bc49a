"""[pure] What a task does at an instant, and how it is written: as metadata of an offset (`task_notes.py`)."""

from datetime import datetime, timedelta

import msgspec

DETAIL = 300  # characters: Kafka takes 4096 bytes of metadata
SAID_EVERY = timedelta(seconds=10)  # also if nothing has changed
SILENT_AFTER = 3 * SAID_EVERY  # nobody may run a task of which nothing was heard for so long


class TaskNote(msgspec.Struct, frozen=True):
    """What a task did `at` an instant. `phase` is one of `frontline_task_state`.

    `records` of its changelogs were read by the latest restore, and `remaining` offsets are left. `instance` runs it;
    `detail` says why it failed, if it did.
    """

    phase: str
    records: int
    remaining: int
    instance: str
    at: datetime
    detail: str = ""

    def encode(self) -> str:
        """As metadata."""
        return msgspec.json.encode(self).decode()


def parse(metadata: str) -> TaskNote | None:
    """The inverse; None for what somebody else has written there."""
    try:
        return msgspec.json.decode(metadata, type=TaskNote)
    except msgspec.MsgspecError:
        return None
