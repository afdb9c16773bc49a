"""Runs Frontline in containers: the image of the compose stack, and the official image of Kafka. Needs Docker.

The services run in one container by `frontline up`, as on a machine of one's own: so tests can move its clock, which no
other way of starting the services permits.
"""

import io
import os
import shlex
import tarfile
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped]  # it has no types
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.network import Network

from frontline_testkit import forwarder
from frontline_testkit.errors import NotStarted
from frontline_testkit.system import Addresses, addresses_in

IMAGE_VARIABLE, KAFKA_IMAGE_VARIABLE = "FRONTLINE_IMAGE", "FRONTLINE_KAFKA_IMAGE"
IMAGE, KAFKA_IMAGE = "frontline:local", "apache/kafka:4.4.0"
START_SECONDS = 180.0
POLL_SECONDS = 0.1
POLICIES = PurePosixPath("/policies")
INTAKE, INSIDE = 8080, 8090  # the port of the container, and that of intake behind it
OUTSIDE = 19092
KAFKA_SETTINGS = {
    "node.id": "1",
    "process.roles": "broker,controller",
    "controller.quorum.voters": "1@localhost:9093",
    "controller.listener.names": "CONTROLLER",
    "listeners": f"INSIDE://:9092,OUTSIDE://:{OUTSIDE},CONTROLLER://:9093",
    "listener.security.protocol.map": "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "INSIDE",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
}
_WAIT = 'while [ ! -s /tmp/listeners ]; do sleep 0.05; done; export KAFKA_ADVERTISED_LISTENERS="$(cat /tmp/listeners)"'
_READY = '{"bootstrap"'
_STARTED = "Kafka Server started"


class KafkaContainer(DockerContainer):
    """One broker of the official image `apache/kafka`, its own controller.

    A broker tells its clients where it is: `kafka:9092` in its network, and outside a port that Docker chooses at the
    start. So the container starts by waiting for that address, and runs the program of the image then.
    """

    def __init__(self, image: str, network: Network) -> None:
        super().__init__(image)
        self.with_network(network).with_network_aliases("kafka").with_exposed_ports(OUTSIDE)
        for name, value in KAFKA_SETTINGS.items():
            self.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)

    @property
    def bootstrap(self) -> str:
        """The address for clients outside. Known after the start."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(OUTSIDE)}"

    def start(self) -> "KafkaContainer":
        """Return when the broker serves. Raises NotStarted."""
        # root: the program of the image rewrites settings files, which not every build of it leaves writable
        self.with_kwargs(user="root", entrypoint=["sh", "-c", f"{_WAIT}; exec {shlex.join(self._program())}"])
        super().start()
        listeners = f"INSIDE://kafka:9092,OUTSIDE://{self.bootstrap}"
        self.get_wrapped_container().put_archive("/tmp", _archive("listeners", listeners.encode()))  # noqa: S108 - inside the container
        _until(self, lambda line: _STARTED in line)
        return self

    def _program(self) -> list[str]:
        """What the image runs."""
        config = self.get_docker_client().client.images.get(self.image).attrs["Config"]
        return [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]


class FrontlineContainer:
    """Kafka and all services in two containers with a network of their own.

    `image`: None = that of FRONTLINE_IMAGE, else `frontline:local`, which `docker compose build` of Frontline makes.
    `policy`: the name or the file of an edition.
    """

    def __init__(self, image: str | None = None, policy: str | None = None) -> None:
        self._image = image or os.environ.get(IMAGE_VARIABLE) or IMAGE
        self._policy = policy
        self._network: Network | None = None
        self._containers: list[DockerContainer] = []

    def start(self) -> Addresses:
        """Return when the system is ready. Raises NotStarted."""
        try:
            kafka_image = os.environ.get(KAFKA_IMAGE_VARIABLE) or KAFKA_IMAGE
            for image in (self._image, kafka_image):
                _have(image)
            self._network = Network().create()
            kafka = KafkaContainer(kafka_image, self._network)
            self._run(kafka)
            services = self._services(self._network, kafka)
            self._run(services)
            ready = addresses_in(_until(services, lambda line: line.startswith(_READY)))
            url = f"http://{services.get_container_host_ip()}:{services.get_exposed_port(INTAKE)}"
            return Addresses(kafka.bootstrap, url, ready.admin_key)
        except DockerException as error:
            self.stop()
            raise NotStarted(f"Docker says: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Remove the containers and the network."""
        while self._containers:
            self._containers.pop().stop()
        if self._network is not None:
            self._network.remove()
            self._network = None

    def _run(self, container: DockerContainer) -> None:
        self._containers.append(container)
        container.start()

    def _services(self, network: Network, kafka: DockerContainer) -> DockerContainer:
        container = DockerContainer(self._image).with_network(network).with_exposed_ports(INTAKE)
        options = ["--json", "--kafka", "kafka:9092", "--port", str(INSIDE), "--test-clock"]
        if self._policy is not None:
            file = Path(self._policy).absolute()
            if file.is_file():
                container.with_volume_mapping(str(file.parent), str(POLICIES), "ro")
            options += ["--policy", str(POLICIES / file.name) if file.is_file() else self._policy]
        # `frontline up` listens on 127.0.0.1 alone, and its test clock takes calls from nowhere else.
        source = Path(forwarder.__file__).read_text(encoding="utf-8")
        # It answers for the name by which it is called from here, which is that of the other container as well.
        container.with_env(forwarder.HOSTS, kafka.get_container_host_ip())
        container.with_env(forwarder.ANYWHERE, "true")  # none of these names is that of the container's own machine
        return container.with_command(["python", "-c", source, str(INTAKE), str(INSIDE), "frontline", "up", *options])


def _have(image: str) -> None:
    """Pull the image unless it is there. Raises NotStarted."""
    images = DockerClient().client.images
    try:
        images.get(image)
    except ImageNotFound:
        try:
            images.pull(image)
        except DockerException as error:
            raise NotStarted(
                f"there is no image {image}, and it cannot be pulled: {error}; "
                f"`docker compose build` of Frontline makes {IMAGE}, and {IMAGE_VARIABLE} names another"
            ) from error


def _until(container: DockerContainer, wanted: Callable[[str], bool]) -> str:
    """The first line of the container's output that is wanted. Raises NotStarted if it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        output = b"\n".join(container.get_logs()).decode(errors="replace")
        for line in output.splitlines():
            if wanted(line):
                return line
        wrapped = container.get_wrapped_container()
        wrapped.reload()
        last = " ".join(output.strip().splitlines()[-3:]) or "it printed nothing"
        if wrapped.status == "exited":
            raise NotStarted(f"the container of {container.image} ended: {last}")
        if time.monotonic() > deadline:
            raise NotStarted(f"the container of {container.image} was not ready within {START_SECONDS:.0f} s: {last}")
        time.sleep(POLL_SECONDS)


def _archive(name: str, content: bytes) -> bytes:
    """A tar archive of one file, as Docker takes files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o644
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
