"""The embedded Kafka is a real one, keeps its data, and ends with its holder."""

import asyncio
import os
import signal
import sys
import uuid
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import TopicPartition

from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.embedded_kafka.data_folder import CLUSTER_FILE
from shared.embedded_kafka.errors import BrokerDied, DataFolderInUse
from tests.harness.processes import eventually, is_running, parent_of

TOPIC = TopicPartition("notes", 0)
HOLDER = """
import asyncio
from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka

async def main():
    async with EmbeddedKafka(jvm_flags=SHORT_LIVED) as kafka:
        print(kafka.pid, kafka.log_file.parent, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def make_topic(bootstrap: str) -> None:
    """TOPIC's topic, as services make theirs."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC.topic, 1, 1)])
    await admin.close()


async def write(bootstrap: str, value: bytes) -> None:
    """One record, in a transaction."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id="writer")
    await producer.start()
    async with producer.transaction():
        await producer.send_and_wait(TOPIC.topic, value, partition=0)
    await producer.stop()


async def read_all(bootstrap: str) -> list[bytes]:
    """Every committed record."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    await consumer.start()
    consumer.assign([TOPIC])
    await consumer.seek_to_beginning(TOPIC)
    end = (await consumer.end_offsets([TOPIC]))[TOPIC]
    values = []
    while await consumer.position(TOPIC) < end:
        batch = await consumer.getmany(timeout_ms=200)
        values += [record.value for records in batch.values() for record in records]
    await consumer.stop()
    return values


async def test_records_survive_a_kill_of_the_broker_and_a_stop(tmp_path: Path) -> None:
    """Killed: it says so, and starts again on the same port, where its clients look for it. Stopped: another
    start finds the records on whatever port is free. Meanwhile nobody else gets the folder."""
    async with EmbeddedKafka(tmp_path / "data", jvm_flags=SHORT_LIVED) as kafka:
        await make_topic(kafka.bootstrap)
        await write(kafka.bootstrap, b"one")
        first_bootstrap, first_pid = kafka.bootstrap, kafka.pid

        os.kill(kafka.pid, signal.SIGKILL)
        why = await asyncio.wait_for(kafka.died(), 10)
        assert isinstance(why, BrokerDied)
        assert str(why).startswith("The Kafka process ended (killed by signal 9); the last line of its log: ")
        assert "\n" not in str(why)

        await kafka.start()
        assert kafka.bootstrap == first_bootstrap
        assert kafka.pid != first_pid
        await write(kafka.bootstrap, b"two")
        with pytest.raises(DataFolderInUse):
            await EmbeddedKafka(tmp_path / "data", jvm_flags=SHORT_LIVED).start()
        pid = kafka.pid
    assert not is_running(pid)

    async with EmbeddedKafka(tmp_path / "data", jvm_flags=SHORT_LIVED) as kafka:
        assert await read_all(kafka.bootstrap) == [b"one", b"two"]


async def test_any_cluster_id_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One random id in 64 starts with a dash, which the tool that prepares the folder once took for an option."""
    dashed = uuid.UUID(bytes=bytes([0b111110_00]) + bytes(15))
    monkeypatch.setattr(uuid, "uuid4", lambda: dashed)
    async with EmbeddedKafka(jvm_flags=SHORT_LIVED) as kafka:
        kept = (kafka.log_file.parent / CLUSTER_FILE).read_text(encoding="utf-8")
    assert kept.startswith("-")


async def test_the_broker_does_not_outlive_its_holder() -> None:
    """A kill -9 of the holder: neither the broker nor the process between nor the temporary folder stays."""
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, stdout=asyncio.subprocess.PIPE)
    assert holder.stdout is not None
    pid, folder = (await asyncio.wait_for(holder.stdout.readline(), 60)).decode().split()
    broker, watchdog = int(pid), parent_of(int(pid))
    assert is_running(broker)
    holder.kill()
    await holder.wait()
    await eventually(lambda: not is_running(broker), 8, "the broker has ended")
    await eventually(lambda: not is_running(watchdog), 3, "the process between has ended")
    assert not Path(folder).exists()


async def test_a_request_never_creates_a_topic(bootstrap: str) -> None:
    """A mistyped topic is an error on the embedded broker as it is on a cluster."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.describe_topics(["nobody-made-this"])
    await admin.describe_topics(["nobody-made-this"])
    assert "nobody-made-this" not in await admin.list_topics()
    await admin.close()
