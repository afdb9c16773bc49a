"""No name reaches Kafka without its namespace: Kafka clients are made, and their requests built, in few modules only.

The methods of these modules take logical names. Within them, `PhysicalName` lets mypy tell the two kinds apart.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Each converts every name that it hands to its client; the last two hand none over.
CONVERT = {
    "shared/kafka/admin.py",
    "shared/kafka/client.py",
    "shared/kafka/consumer.py",
    "shared/kafka/producer.py",
    "shared/kafka/batch_reader.py",
    "shared/kafka/faststream_client.py",
    "shared/kafka/aiokafka_internals.py",  # takes clients and names of these modules
    "shared/kafka/topic_metadata.py",  # likewise
    "shared/kafka/topic_config.py",  # likewise
    "shared/kafka/ping.py",  # asks for brokers, and names nothing
}
# Whatever takes the name of a topic, of a group, or a transactional id, and sends it to a broker.
CLIENTS = {
    "AIOKafkaConsumer",
    "AIOKafkaProducer",
    "AIOKafkaClient",
    "AIOKafkaAdminClient",
    "NewTopic",
    "NewPartitions",
    "ConfigResource",
    "KafkaBroker",
    "FetchRequest",
    "OffsetRequest",
    "RequestStruct",
    "ProducerInternals",
    "committed_offsets",
    "existing_partitions",
    "describe_topics",
}


def clients(source: str) -> set[str]:
    """What a module takes of CLIENTS: by an import, as an attribute of a module, or under another name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            library = (node.module or "").startswith(("aiokafka", "faststream", "shared.kafka"))
            found |= {alias.name for alias in node.names if library and alias.name in CLIENTS}
            if (node.module or "").startswith("aiokafka.protocol"):
                found.add(f"{node.module}")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] in ("aiokafka", "faststream")}
            found |= {alias.name for alias in node.names if alias.name == "shared.kafka.aiokafka_internals"}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found |= {node.attr} if node.attr in CLIENTS and node.value.id.endswith(("kafka", "internals")) else set()
    return found


def test_every_client_of_kafka_is_made_where_names_are_converted() -> None:
    """Elsewhere a name would leave without its namespace, and a second system on the cluster would read it."""
    files = [path for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    used = {path.relative_to(ROOT).as_posix(): clients(path.read_text(encoding="utf-8")) for path in files}
    assert {name: found for name, found in used.items() if found and name not in CONVERT} == {}
    assert {name for name, found in used.items() if found} == CONVERT, "each module named here is needed"


@pytest.mark.parametrize(
    "planted",
    [
        "from aiokafka import AIOKafkaProducer",
        "from aiokafka import AIOKafkaConsumer as Consumer",
        "from aiokafka.admin import AIOKafkaAdminClient",
        "from shared.kafka.aiokafka_internals import AIOKafkaClient",
        "from faststream.kafka import KafkaBroker",
        "import aiokafka",
        "import aiokafka.client as kafka",
        "from aiokafka.protocol.fetch import FetchRequest_v4",
        "from shared.kafka import aiokafka_internals\ndef late(c, p):\n    aiokafka_internals.committed_offsets(c, p)",
        "def late():\n    from aiokafka.client import AIOKafkaClient",
    ],
)
def test_a_client_that_is_made_elsewhere_is_found(planted: str) -> None:
    """A rule that nothing can break protects nothing."""
    assert clients(planted)


@pytest.mark.parametrize(
    "allowed",
    [
        "from aiokafka.structs import TopicPartition",
        "from aiokafka.errors import KafkaError",
        "from faststream.asgi import AsgiFastStream",
        "from shared.kafka.consumer import Consumer",
    ],
)
def test_what_connects_to_nothing_is_free(allowed: str) -> None:
    """Errors and tuples name no topic to a broker."""
    assert not clients(allowed)
