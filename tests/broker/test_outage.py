"""A broker that is unavailable for a while: nothing is lost or skipped, and the outage is logged once."""

import asyncio
import os
import signal
import socket

import pytest

from shared.embedded_kafka.broker import EmbeddedKafka
from tests.broker.test_exactly_once import KEYS, check_counts
from tests.harness.rig import Rig, eventually


async def test_an_outage_of_the_broker_loses_no_record(capsys: pytest.CaptureFixture[str]) -> None:
    """Killed in the middle of traffic; the tasks wait, and go on where they were. Stopping does not wait for it."""
    async with EmbeddedKafka() as kafka:
        rig = Rig(kafka.bootstrap)
        await rig.prepare()
        running = rig.start()
        await rig.produce(rig.second, [(key, b"") for key in KEYS])
        await check_counts(rig, 1)
        capsys.readouterr()
        async with rig.producer() as producer:
            await rig.send(producer, rig.second, [(key, b"") for key in KEYS])
            os.kill(kafka.pid, signal.SIGKILL)
            await kafka.died()
            await kafka.start()
            await rig.send(producer, rig.second, [(key, b"") for key in KEYS])
        await check_counts(rig, 3)
        await running.ready(2)
        published = capsys.readouterr().out
        assert published.count("does not answer") == published.count("answers again") <= 1

        os.kill(kafka.pid, signal.SIGKILL)
        await kafka.died()
        began = asyncio.get_running_loop().time()
        await running.stop()
        assert asyncio.get_running_loop().time() - began < 8, "Ctrl-C has to end a service that waits for Kafka"


async def test_a_service_that_starts_before_its_broker_waits_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Not ready until then, one line about it, and no crash."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    rig = Rig(f"127.0.0.1:{port}")
    running = rig.start(topics=rig.topics)
    await eventually(lambda: "KafkaConnectionError" in str(running.readiness.report()))
    async with EmbeddedKafka(port=port):
        await running.ready(2)
        assert capsys.readouterr().out.count("does not answer") == 1
        await running.stop()
