"""[pure] What can go wrong with a task, by name. The message says what to do; the runtime logs it once and retries."""

from shared.kafka.faults import TaskMustStop


class Fenced(Exception):
    """Another owner has started this task's transactional id, or our transaction timed out: this task has lost.

    It is taken over again only on a fresh assignment, or two instances would fence each other in turns.
    """


class RecordRefused(Exception):
    """The broker refuses a record for its size: sending it again is no use."""


class TakeoverTooSlow(Exception):
    """A step of a takeover got no answer in time."""


class IllegalTransition(Exception):
    """A task was to enter a phase that does not follow the one it is in (task_phase.py). A mistake in the runtime."""

    def __init__(self, partition: int, before: str, after: str) -> None:
        super().__init__(f"task {partition} cannot go from phase {before} to {after}; report this as a bug")


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


class TopicRecreated(TaskMustStop):
    """The task's position belongs to a topic that was deleted; one of the same name was created since. Records of the
    deleted topic that nobody has read are lost, and only an operator can say that the task may go on.

    To go on at the beginning of the new topic, run `frontline topics accept TOPIC`. Nothing of it is skipped.
    """

    def __init__(self, topic: str, partition: int, before: str, now: str) -> None:
        super().__init__(
            f"{topic}[{partition}]: the position belongs to topic id {before}, the topic's id is now {now}: it was "
            f"deleted and created again. Run `frontline topics accept {topic}` to go on at its beginning"
        )


class ChangelogLost(TaskMustStop):
    """The changelogs of a task are behind its group's offsets: one was deleted and created again, or has lost records.
    Going on would be going on without what the task knew.

    Restore the changelogs; or give up what the service knew: delete all of its changelogs and its group, so that it
    reads its sources from the beginning.
    """

    def __init__(self, topic: str, partition: int, committed: int, carried: int | None) -> None:
        super().__init__(
            f"{topic}[{partition}]: the group has committed {committed}, the changelogs say {carried or 'nothing'}: "
            "they were deleted, or have lost records. Restore them, or delete all changelogs of the service and its "
            "group"
        )
