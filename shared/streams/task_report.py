"""Tells Kafka what each task of this instance does, for whoever looks at the system (`shared/kafka/task_notes.py`).

It is beside the work: no task waits for it, and whatever fails here is tried again and stops nothing.
"""

import asyncio
from collections.abc import Callable, Mapping

from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from shared.backoff import Backoff
from shared.cancellation import end_if_cancelled
from shared.kafka.settings import KafkaSettings
from shared.kafka.task_note import DETAIL, SAID_EVERY, TaskNote
from shared.kafka.task_notes import NoteWriter, group_of, note_writer
from shared.observability import logs
from shared.streams.task import Task
from shared.streams.task_phase import Phase
from shared.wall_clock import utc_now

FIRST_RETRY = 1.0  # seconds
_log = logs.get_logger()
_LOOK_SECONDS = 1.0
_ANSWER_SECONDS = 5.0
_WITH_DETAIL = (Phase.FAILED, Phase.FENCED)


class TaskReport:
    """Reports `tasks()` of this instance, by partition, until it is cancelled."""

    def __init__(
        self, settings: KafkaSettings, service: str, source: str, instance: str, tasks: Callable[[], Mapping[int, Task]]
    ) -> None:
        self._settings, self._service, self._source, self._instance = settings, service, source, instance
        self._tasks = tasks
        self._may_not_said = False
        self._logged: set[type[Exception]] = set()  # unexpected errors: they may come every ten seconds

    async def run(self) -> None:
        """Report what changes, and every ten seconds that it has not. Failures are retried with back-off."""
        backoff = Backoff(FIRST_RETRY, 10.0)
        while True:
            try:
                await self._report(backoff)
            except GroupAuthorizationFailedError:
                self._may_not()
            except (KafkaError, OSError, TimeoutError) as error:
                _log.debug("What the tasks do was not reported", action="task_report.failed", error=str(error))
            except Exception as error:
                self._unexpected(error)
            end_if_cancelled()
            await asyncio.sleep(backoff.next())

    async def _report(self, backoff: Backoff) -> None:
        client_id = f"{self._instance}-notes"
        async with note_writer(self._settings, self._service, self._source, client_id) as writer:
            said, due = dict[int, tuple[object, ...]](), 0.0
            clock = asyncio.get_running_loop().time
            while True:
                now = {partition: _shown(task) for partition, task in self._tasks().items()}
                if now and (now != said or clock() >= due):
                    await self._write(writer)
                    backoff.reset()
                    said, due = now, clock() + SAID_EVERY.total_seconds()
                await asyncio.sleep(_LOOK_SECONDS)

    async def _write(self, writer: NoteWriter) -> None:
        at = utc_now()
        notes = {
            partition: TaskNote(
                phase=task.phase.value,
                records=task.restored.records,
                remaining=task.restored.remaining,
                instance=self._instance,
                at=at,
                detail=task.detail[:DETAIL] if task.phase in _WITH_DETAIL else "",
            )
            for partition, task in self._tasks().items()
        }
        if notes:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await writer.write(notes)

    def _unexpected(self, error: Exception) -> None:
        if type(error) not in self._logged:
            self._logged.add(type(error))
            _log.exception("What the tasks do cannot be reported; it is tried again", action="task_report.failed")

    def _may_not(self) -> None:
        if not self._may_not_said:
            self._may_not_said = True
            _log.warning(
                f"No right to Read the group {group_of(self._service)}: the page of operators will not show what the "
                "tasks do",
                action="task_report.denied",
            )


def _shown(task: Task) -> tuple[object, ...]:
    return task.phase, task.restored
