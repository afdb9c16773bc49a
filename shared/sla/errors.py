"""[pure] What the clocks refuse. The domain knows no Kafka: escalation turns `InputRefused` into a dead letter with the
same `cause`.
"""

from shared.contracts.vocabulary import DeadLetterCause


class SlaError(Exception):
    """The root. `cause` is a stable word for machines; the message names fields and ids, never a customer's text."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class InputRefused(SlaError):
    """This case or activity can never be applied, and nothing was changed: correct it and send it again."""

    cause: DeadLetterCause

    def __init__(self, cause: DeadLetterCause, message: str) -> None:
        super().__init__(cause, message)
