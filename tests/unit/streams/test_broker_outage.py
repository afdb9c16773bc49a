"""An outage is said once when it begins and once when it is over, however many notice it."""

import pytest
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError, OutOfOrderSequenceNumber

from shared.streams.broker_outage import BrokerOutage


def test_one_line_for_all_who_notice(capsys: pytest.CaptureFixture[str]) -> None:
    """Six tasks that retry every second would fill the log with nothing new."""
    time = [100.0]
    outage = BrokerOutage("k:9092", monotonic=lambda: time[0])
    assert outage.noticed(KafkaConnectionError("no"))
    assert outage.noticed(NodeNotReadyError("no"))
    assert outage.noticed(TimeoutError())
    time[0] += 12.5
    outage.over()
    outage.over()
    said = capsys.readouterr().out
    assert said.count("Kafka at k:9092 does not answer") == 1
    assert said.count("Kafka answers again after 12.5 s") == 1


def test_other_failures_are_no_outage(capsys: pytest.CaptureFixture[str]) -> None:
    """They have their own lines."""
    outage = BrokerOutage("k:9092")
    assert not outage.noticed(OutOfOrderSequenceNumber())
    assert not outage.noticed(ValueError())
    outage.over()
    assert capsys.readouterr().out == ""
