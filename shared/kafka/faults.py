"""[pure] The root of the exceptions of Kafka and the stream runtime, and those that a topology may raise."""

from shared.contracts.vocabulary import DeadLetterCause


class KafkaFault(Exception):
    """The root of what goes wrong between Frontline and Kafka; the client itself raises aiokafka's `KafkaError`."""


class PoisonRecord(KafkaFault):
    """This record can never be processed: it goes to the dead letters with `cause` and a message for people.

    The message names fields and ids, never a customer's text.
    """

    def __init__(self, cause: DeadLetterCause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class TaskMustStop(KafkaFault):
    """Going on would be wrong for every record (a missing edition, a lost offset): stop the task, say why, retry."""


class TopicsDiffer(TaskMustStop):
    """Topics are missing, have another partition count than FRONTLINE_PARTITIONS, or were deleted and created again
    while the service ran; `frontline topics check` shows missing ones and counts.
    """


class NoTopics(KafkaFault):
    """This Kafka has none of Frontline's topics."""
