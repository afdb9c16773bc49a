"""The data folder of an embedded broker: its files, their content, and the check that a folder is one."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.embedded_kafka.errors import DataFolderCorrupt, DiskFull, NotADataFolder

NODE_ID = "1"
CLUSTER_FILE = "frontline-kafka-cluster"  # holds the cluster id; its presence marks a folder of Frontline

# Only lines that people or `broker_log` need, so that the last line of the log is worth quoting.
_LOG4J = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.acceptor.name = kafka.network.DataPlaneAcceptor
logger.acceptor.level = info
logger.socket.name = kafka.network.SocketServer
logger.socket.level = info
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""


@dataclass(frozen=True, slots=True)
class ClusterMember:
    """One of several brokers that make a cluster. `voters` has all of them: "1@host:port,2@host:port" of controllers.

    Every member has the same `cluster_id` (22 characters) and `voters`. Its own CONTROLLER listener is `listeners` in
    the settings of its broker.
    """

    node_id: int
    cluster_id: str
    voters: str

    def properties(self) -> dict[str, str]:
        """What differs from a single node."""
        return {
            "node.id": str(self.node_id),
            "controller.quorum.bootstrap.servers": "",
            "controller.quorum.voters": self.voters,
        }


class DataFolder:
    """The folder of one embedded broker: `kafka/` with the records, and the files with which it starts."""

    def __init__(self, path: Path, node_id: str = NODE_ID) -> None:
        self.path = path.absolute()
        self._node_id = node_id
        self.records = self.path / "kafka"
        self.properties = self.path / "broker.properties"
        self.log4j = self.path / "log4j2.properties"
        self.log = self.path / "broker.log"
        self.lock = self.path / "lock"
        self._cluster = self.path / CLUSTER_FILE
        self._meta = self.records / "meta.properties"

    @property
    def formatted(self) -> bool:
        """Whether Kafka has prepared it."""
        return self._meta.exists()

    def check(self, min_free_bytes: int) -> None:
        """Create the folder if it is missing. Raises NotADataFolder, DataFolderCorrupt or DiskFull."""
        self.path.mkdir(parents=True, exist_ok=True)
        if not self._cluster.exists() and any(self.path.iterdir()):
            raise NotADataFolder(folder=self.path)
        if self.free_bytes < min_free_bytes:
            raise DiskFull(folder=self.path)
        if self.formatted:
            self._check_identity()

    def _check_identity(self) -> None:
        meta = dict(
            line.split("=", 1)
            for line in self._meta.read_text(encoding="utf-8", errors="replace").splitlines()
            if "=" in line and not line.startswith("#")
        )
        expected = {"cluster.id": self._cluster.read_text(encoding="utf-8").strip(), "node.id": self._node_id}
        for name, value in expected.items():
            if meta.get(name) != value:
                reason = f"{self._meta.name} has {name} {meta.get(name)}, the folder was made for {value}"
                raise DataFolderCorrupt(folder=self.path, reason=reason)

    @property
    def free_bytes(self) -> int:
        """Space left for an ordinary user on the folder's file system."""
        space = os.statvfs(self.path)
        return space.f_bavail * space.f_frsize

    def write_cluster_id(self, cluster_id: str) -> None:
        """Write the cluster id, which also marks the folder as one of Frontline."""
        self._cluster.write_text(cluster_id + "\n", encoding="utf-8")

    def write_settings(self, port: int, overrides: Mapping[str, str]) -> None:
        """Write the files with which the broker starts."""
        properties = broker_properties(port, self.records) | dict(overrides)
        self.properties.write_text("".join(f"{k}={_escaped(v)}\n" for k, v in properties.items()), encoding="utf-8")
        self.log4j.write_text(_LOG4J, encoding="utf-8")


def broker_properties(port: int, records: Path) -> dict[str, str]:
    """The properties of a single node that is its own controller. For port 0 the kernel chooses a free port."""
    return {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:0",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.bootstrap.servers": "127.0.0.1:0",  # itself: it puts its real port into the voter set
        "log.dirs": str(records),
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # A killed broker can register again only after the session of its former process has expired.
        "broker.session.timeout.ms": "5000",
        "broker.heartbeat.interval.ms": "1000",
        # The defaults suit many nodes: 50 internal partitions twice over, and 128 MB of heap for the cleaner alone.
        "offsets.topic.num.partitions": "8",
        "transaction.state.log.num.partitions": "8",
        "log.cleaner.dedupe.buffer.size": str(32 * 1024 * 1024),
    }


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\")
