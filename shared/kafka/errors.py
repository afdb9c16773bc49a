"""[pure] What can go wrong with a task, by name. The message says what to do; the runtime logs it once and retries."""

from shared.kafka.processor import TaskMustStop


class Fenced(Exception):
    """Another owner has started this task's transactional id, or our transaction timed out: this task has lost.

    It is taken over again only on a fresh assignment, or two instances would fence each other in turns.
    """


class RecordRefused(Exception):
    """The broker refuses a record for its size: sending it again is no use."""


class TakeoverTooSlow(Exception):
    """A step of a takeover got no answer in time."""


class OffsetLost(TaskMustStop):
    """The position of a source is outside its log: records were deleted before they were read, or the topic was
    made anew. Nothing is skipped by itself.

    To go on, set the group's offset to where it may continue (`kafka-consumer-groups --reset-offsets`); when the
    position is beyond the end, delete the changelogs of the service too, or restore the topic.
    """

    def __init__(self, topic: str, partition: int, what: str) -> None:
        super().__init__(
            f"{topic}[{partition}]: {what}. Nothing is skipped by itself: restore the topic, or set the group's offset "
            "to where the task may go on"
        )


class OutputTooLarge(TaskMustStop):
    """The broker refuses even the dead letter by reference of a record: nothing smaller can be written instead."""
