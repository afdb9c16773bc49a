"""A Kafka without our topics is reported with the namespace in which they were looked for."""

import pytest

from services.cli.kafka_errors import KafkaCallFailed, kafka_errors
from shared.kafka.faults import NoTopics
from shared.kafka.settings import KafkaSettings


@pytest.mark.parametrize(
    ("namespace", "language", "named"),
    [
        ("acme", "en", "in the namespace acme (FRONTLINE_NAMESPACE)"),
        ("acme", "es", "en el espacio de nombres acme (FRONTLINE_NAMESPACE)"),
        ("", "en", "has no topics of Frontline; run"),
    ],
)
def test_the_namespace_is_named_where_there_are_no_topics(namespace: str, language: str, named: str) -> None:
    """A forgotten or mistyped variable is the usual reason."""
    with pytest.raises(KafkaCallFailed) as failed, kafka_errors(KafkaSettings(namespace=namespace), language):
        raise NoTopics
    assert named in str(failed.value)
