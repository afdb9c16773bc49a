"""[pure] What the tasks of a service do, as far as they have said it: how far a restore is, who runs none any more."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from shared.contracts.base import format_instant
from shared.kafka.task_note import SILENT_AFTER, TaskNote
from shared.messages.reason import Reason

Phase = Literal["taking_over", "restoring", "catching_up", "running", "failed", "fenced", "silent", "unknown"]
_KNOWN: Mapping[str, Phase] = {phase: phase for phase in get_args(Phase)}
_SENTENCES: Mapping[Phase, str] = {
    "taking_over": "operations.task.taking_over",
    "restoring": "operations.task.restoring",
    "catching_up": "operations.task.catching_up",
    "running": "operations.task.running",
    "failed": "operations.task.failed",
    "fenced": "operations.task.fenced",
    "silent": "operations.task.silent",
    "unknown": "operations.task.unknown",
}


class TaskNow(NamedTuple):
    """A task: the partition of its service that it has. `silent` = it has said nothing for SILENT_AFTER, so perhaps
    nobody runs it; `unknown` = it never said anything, or something that this board does not know.
    """

    task: int
    phase: Phase
    note: TaskNote | None

    @property
    def is_quiet(self) -> bool:
        """Whether nobody has to look at it: it runs, or nothing is known of it."""
        return self.phase in ("running", "unknown")

    @property
    def reason(self) -> Reason:
        """The same as a sentence."""
        facts: dict[str, Any] = {"task": self.task}
        if self.note is not None and self.phase == "restoring":
            facts |= {"count": self.note.records, "remaining": self.note.remaining}
        if self.phase == "silent":
            facts["seconds"] = int(SILENT_AFTER.total_seconds())
        if self.phase == "failed":
            facts["detail"] = self.note.detail if self.note is not None else ""
        return Reason(_SENTENCES[self.phase], **facts)

    @property
    def answer(self) -> dict[str, Any]:
        """The same as JSON data. The numbers are those of a restore that goes on, else null."""
        note, restoring = self.note, self.phase == "restoring"
        return {
            "task": self.task,
            "phase": self.phase,
            "records": note.records if note is not None and restoring else None,
            "remaining_offsets": note.remaining if note is not None and restoring else None,
            "instance": None if note is None else note.instance,
            "at": None if note is None else format_instant(note.at),
            "detail": (note.detail or None) if note is not None else None,
        }


class Summary(NamedTuple):
    """What there is to say of the tasks of a service: whether any has said what it does, and those that do not run."""

    any_known: bool
    not_running: Sequence[TaskNow]


def summary(tasks: Sequence[TaskNow]) -> Summary:
    """Of these."""
    return Summary(any(each.phase != "unknown" for each in tasks), [each for each in tasks if each.phase != "running"])


def tasks_of(notes: Mapping[int, TaskNote | None], now: datetime) -> Sequence[TaskNow]:
    """What each of them does, by its partition."""
    return list(_tasks(notes, now))


def _tasks(notes: Mapping[int, TaskNote | None], now: datetime) -> Iterator[TaskNow]:
    for task, note in sorted(notes.items()):
        if note is None:
            yield TaskNow(task, "unknown", None)
        elif now - note.at > SILENT_AFTER:
            yield TaskNow(task, "silent", note)
        else:
            yield TaskNow(task, _KNOWN.get(note.phase, "unknown"), note)
