"""Which Kafka the tests run on: always a real one, chosen by the environment, never a silent skip.

1. `KAFKA_BOOTSTRAP=host:port`: that broker.
2. `FRONTLINE_TEST_KAFKA=docker`: a container of the official image, which needs a reachable Docker.
3. Otherwise: the embedded broker.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from shared.embedded_kafka.broker import SHORT_LIVED, EmbeddedKafka
from shared.embedded_kafka.data_folder import broker_properties
from shared.kafka.ping import wait_until_it_answers
from tests.harness.ports import free_port

IMAGE = "apache/kafka:4.4.0"
JVM_FLAGS = (*SHORT_LIVED, "-Xmx1g")  # hundreds of tests leave topics and producers on it
PATIENCE = 15.0  # seconds for a given broker to answer
CHOICES = ("embedded", "docker")


class NoTestBroker(Exception):
    """The broker that the environment asks for cannot be had. The message says what to do."""


@asynccontextmanager
async def broker_for_tests(environ: Mapping[str, str] = os.environ) -> AsyncIterator[str]:
    """The bootstrap address ("host:port") of the broker that `environ` chooses, for as long as the block runs."""
    given = environ.get("KAFKA_BOOTSTRAP")
    choice = environ.get("FRONTLINE_TEST_KAFKA", "embedded")
    if given:
        if not await wait_until_it_answers(given, PATIENCE):
            raise NoTestBroker(f"KAFKA_BOOTSTRAP={given} does not answer; start it, or unset the variable")
        yield given
    elif choice == "docker":
        async with _container() as bootstrap:
            yield bootstrap
    elif choice == "embedded":
        async with EmbeddedKafka(jvm_flags=JVM_FLAGS) as kafka:
            died = asyncio.create_task(kafka.died())
            yield kafka.bootstrap
            if died.done():  # by itself: then everything after it has failed, and this is why
                raise NoTestBroker(str(died.result()))
            died.cancel()
    else:
        raise NoTestBroker(f"FRONTLINE_TEST_KAFKA={choice} is none of {', '.join(CHOICES)}")


@asynccontextmanager
async def _container() -> AsyncIterator[str]:
    # testcontainers asks Docker for its address when it is imported: only where Docker was asked for.
    from docker.errors import DockerException  # type: ignore[import-untyped]  # noqa: PLC0415 - it has no types
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415

    testcontainers_config.ryuk_disabled = True  # its clean-up container is one more image that has to be pulled
    port = free_port()  # the broker has to announce the port that it is reached at, so it is chosen before the start
    try:
        # root: the image's start script rewrites its own settings files, which not every build of it leaves writable
        container = DockerContainer(IMAGE).with_bind_ports(port, port).with_kwargs(user="root")
        for name, value in _container_settings(port).items():
            container = container.with_env(name, value)
        await asyncio.to_thread(container.start)
    except DockerException as error:
        raise NoTestBroker(f"FRONTLINE_TEST_KAFKA=docker, but Docker says: {error}") from error
    try:
        bootstrap = f"127.0.0.1:{port}"
        if not await wait_until_it_answers(bootstrap, 60):
            raise NoTestBroker(f"{IMAGE} did not answer within 60 s")
        yield bootstrap
    finally:
        await asyncio.to_thread(container.stop)


def _container_settings(port: int) -> dict[str, str]:
    """The embedded broker's settings as the image takes them: in the environment, for addresses inside and outside."""
    settings = broker_properties(port, Path("/tmp/kafka-logs")) | {  # noqa: S108 - inside the container
        "listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://127.0.0.1:9093",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.quorum.voters": "1@127.0.0.1:9093",
    }
    del settings["controller.quorum.bootstrap.servers"]
    return {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings.items()}
