"""An outage is logged once at its start and once at its end, however many tasks notice it."""

import pytest
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError, OutOfOrderSequenceNumber

from shared.streams.broker_outage import BrokerOutage


def test_one_line_for_all_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    """Six tasks that retry every second would fill the log with repetitions."""
    time = [100.0]
    outage = BrokerOutage("k:9092", monotonic=lambda: time[0])
    assert outage.noticed(KafkaConnectionError("no"))
    assert outage.noticed(NodeNotReadyError("no"))
    assert outage.noticed(TimeoutError())
    time[0] += 12.5
    outage.over()
    outage.over()
    logged = capsys.readouterr().out
    assert logged.count("Kafka at k:9092 does not answer") == 1
    assert logged.count("Kafka answers again after 12.5 s") == 1


def test_other_failures_are_no_outage(capsys: pytest.CaptureFixture[str]) -> None:
    """They have log lines of their own."""
    outage = BrokerOutage("k:9092")
    assert not outage.noticed(OutOfOrderSequenceNumber())
    assert not outage.noticed(ValueError())
    outage.over()
    assert capsys.readouterr().out == ""
