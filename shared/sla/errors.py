"""[pure] What the clocks refuse, and what keeps them from going on. The domain knows no Kafka: services translate.

Escalation turns `InputRefused` into a dead letter with the same `cause`, and `EditionUnreadable` into a stopped task.
"""

from typing import Literal

Cause = Literal[
    "bad_activity_time",
    "conflict",
    "edition_unreadable",
    "malformed_event",
    "no_escalation_requested",
    "too_much_activity",
    "uncountable_target",
    "unknown_calendar",
    "unknown_edition",
    "unknown_word",
]


class SlaError(Exception):
    """The root. `cause` is a stable word for machines; the message names fields and ids, never a customer's text."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class InputRefused(SlaError):
    """This case or activity can never be applied, and nothing was changed: correct it and send it again."""


class EditionUnreadable(SlaError):
    """An edition that open cases pin cannot be read by this version: go back to the version that saved it."""

    def __init__(self, message: str) -> None:
        super().__init__("edition_unreadable", message)
