"""What can go wrong in a test with the kit. The message says what to do."""


class TestkitError(Exception):
    """The base of all errors of the kit."""

    __test__ = False  # pytest would collect it by its name


class NotStarted(TestkitError):
    """Frontline could not be started: the command or Docker is missing, or it ended; the reason is in the message."""


class CallRefused(TestkitError):
    """Intake refused a call; the message has the call and the fields that are wrong. `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class NotSeen(TestkitError, AssertionError):
    """An event did not come in time; the message lists what came for that case instead."""


class UnknownType(TestkitError, ValueError):
    """No event of Frontline has this type; the message has those with a similar name."""


class NotAnEvent(TestkitError, ValueError):
    """A record is not an event of Frontline that fits its schema; the message says why."""
