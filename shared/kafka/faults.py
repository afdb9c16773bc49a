"""[pure] The root of the errors of Kafka and the stream runtime, and the errors that a topology may raise."""

import traceback

from shared.contracts.vocabulary import DeadLetterCause


class KafkaFault(Exception):
    """Root of the errors between Frontline and Kafka; the client itself raises aiokafka's `KafkaError`."""


class PoisonRecord(KafkaFault):
    """This record can never be processed; its task dead-letters it with `cause` and a message for people.

    The message names fields and ids, never a customer's text.
    """

    def __init__(self, cause: DeadLetterCause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class TaskMustStop(KafkaFault):
    """The task cannot process any record correctly (missing edition, lost offset): it stops, logs why, and retries."""


class TopicsDiffer(TaskMustStop):
    """Topics are missing, have another partition count than FRONTLINE_PARTITIONS, or were deleted and created again
    while the service ran; `frontline topics check` lists missing topics and wrong counts.
    """


class InstanceReplaced(KafkaFault):
    """Another member has joined the group with the same FRONTLINE_INSTANCE, so this one has lost its place.

    Give each instance a name of its own, or none. After a restart the older process has ended, and nothing happens.
    """

    def __init__(self, instance: str) -> None:
        super().__init__(
            f"FRONTLINE_INSTANCE={instance}: another process has joined with this name and has replaced this one, "
            "which ends. Give each instance a name of its own"
        )
        self.instance = instance


class NoTopics(KafkaFault):
    """This Kafka has none of Frontline's topics."""


def place_of(error: Exception) -> str:
    """Where in the code an unexpected error was raised, without its text, which might quote a customer."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {where.name}, line {where.lineno} of {where.filename.rpartition('/')[2]}"
