"""[pure] What only intake refuses. The refusals that every service has are in `shared/web/errors.py`."""

from shared.web.errors import Refusal


class NoLiveChat(Refusal):
    """The edition in force has no channel on which people chat."""

    status, kind = 404, "no_live_chat"


class NoCaseFollowed(Refusal):
    """A report in a chat that has no case yet."""

    status, kind = 409, "no_case_followed"


class IdempotencyConflict(Refusal):
    """This Idempotency-Key was used before, with another body."""

    status, kind = 422, "idempotency_conflict"


class NotAcknowledged(Refusal):
    """The record was not acknowledged. `maybe_written`: it was sent, so Kafka may have it."""

    maybe_written = False


class KafkaUnavailable(NotAcknowledged):
    """Kafka did not acknowledge the record. Nothing was acknowledged to the caller."""

    status, kind = 503, "kafka_unavailable"


class TopicsChanged(NotAcknowledged):
    """A topic is missing, resized or created again, so nobody would read the record. Nothing was acknowledged."""

    status, kind = 503, "topics_changed"


class ClockWrong(NotAcknowledged):
    """Kafka refuses the time of records, because its clock or that of intake is wrong. Nothing was acknowledged."""

    status, kind = 503, "clock_wrong"


class ClockNotTaken(Refusal):
    """Some services have not taken the new time of a test clock. The repeated call counts once."""

    status, kind = 503, "clock_not_taken"
