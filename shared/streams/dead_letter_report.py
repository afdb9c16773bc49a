"""What operators learn of each dead letter: a count by cause, and one log line without its content."""

from shared.kafka.dead_letters import DeadLetter
from shared.observability import logs
from shared.streams import metrics

_log = logs.get_logger()


def report(service: str, letter: DeadLetter) -> None:
    """Count and log a record that `service` has dead-lettered. Call it after the commit, or a retry counts twice."""
    metrics.DEAD_LETTERS.labels(service, letter.record.topic, letter.cause).inc()
    _log.warning(
        f"Record dead-lettered: {letter.message}",
        action="record.dead_lettered",
        cause=letter.cause,
        topic=letter.record.topic,
        partition=letter.record.partition,
        offset=letter.record.offset,
    )
