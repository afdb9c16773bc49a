"""[pure] The errors of tasks. The message names what to do; the runtime logs each once and retries."""

from shared.kafka.faults import KafkaFault, TaskMustStop


class Fenced(KafkaFault):
    """Another owner has started this task's transactional id, or its transaction timed out: it has lost ownership.

    It takes over again only after a new assignment, or two instances would fence each other in turns.
    """


class RecordRefused(KafkaFault):
    """The broker refuses a record for its size: sending it again would not help."""


class TakeoverTooSlow(KafkaFault):
    """A step of a takeover got no answer within its time-out."""


class IllegalTransition(KafkaFault):
    """A task was to enter a phase that does not follow the one it is in (task_phase.py). A mistake in the runtime."""

    def __init__(self, partition: int, before: str, after: str) -> None:
        super().__init__(f"task {partition} cannot go from phase {before} to {after}; report this as a bug")


class OffsetLost(TaskMustStop):
    """The position of a source is outside its log: retention has deleted records before they were read, or the log has
    become shorter, as after an unclean election. No record is skipped automatically.

    To continue, restore the topic, or run `frontline topics accept TOPIC`, which accepts the loss: at the log's start
    if that has overtaken the position; where the log is shorter, at the first record written since. The group's offset
    alone does not move a task back, since the later of it and the changelogs counts; the command sets both.
    """

    def __init__(self, topic: str, partition: int, what: str) -> None:
        super().__init__(
            f"{topic}[{partition}]: {what}. No record is skipped automatically: restore the topic, or accept the loss "
            f"with `frontline topics accept {topic}`"
        )


class OutputTooLarge(TaskMustStop):
    """The broker refuses even the dead letter by reference of a record; nothing smaller can be written."""


class TopicRecreated(TaskMustStop):
    """The task's position belongs to a topic that was deleted; one of the same name was created since. Unread records
    of the deleted topic are lost, so only an operator can decide that the task may continue.

    To continue at the beginning of the new topic, run `frontline topics accept TOPIC`. None of its records is skipped.
    """

    def __init__(self, topic: str, partition: int, before: str, now: str) -> None:
        super().__init__(
            f"{topic}[{partition}]: the position belongs to topic id {before}, the topic's id is now {now}: it was "
            f"deleted and created again. Run `frontline topics accept {topic}` to continue at its beginning"
        )


class ChangelogLost(TaskMustStop):
    """The changelogs of a task are behind its group's offsets: one was deleted and created again, or has lost records.
    The task would continue with part of its state missing.

    Restore the changelogs, or abandon the state: delete all changelogs of the service and its group, so that it reads
    its sources from the beginning.
    """

    def __init__(self, topic: str, partition: int, committed: int, carried: int | None) -> None:
        known = "none" if carried is None else carried
        super().__init__(
            f"{topic}[{partition}]: the group has committed {committed}, the changelogs have {known}: "
            "they were deleted, or have lost records. Restore them, or delete all changelogs of the service and its "
            "group"
        )
