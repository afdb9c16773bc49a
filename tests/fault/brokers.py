"""The brokers of a run: one, or a cluster of three; each client has links of its own to them, through proxies.

A broker has a listener for each client, and announces the proxy as that listener's address. So whatever a client
learns of the cluster leads through its own proxies. The listener PLAINTEXT has no proxy: it is the observer's.
"""

import asyncio
import os
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

from shared.embedded_kafka.broker import HOST, SHORT_LIVED, EmbeddedKafka, new_cluster_id
from shared.embedded_kafka.data_folder import ClusterMember
from shared.kafka.ping import wait_until_it_answers
from shared.kafka.settings import KafkaSettings
from tests.fault.tcp_proxy import Mode, TcpProxy
from tests.harness.ports import free_port

_START_SECONDS = 120.0
# As a cluster of three needs it: a record is acknowledged when two brokers have it.
_REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}
# Less work for each of many listeners; a transaction whose producer is frozen ends soon after its timeout.
_COMMON = {
    "num.network.threads": "1",
    "num.io.threads": "4",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
}


class Brokers:
    """One broker or three; `async with`. `clients` are the names of the links."""

    def __init__(self, folder: Path, count: int, clients: Sequence[str]) -> None:
        assert count in (1, 3)
        self.count = count
        self._folder = folder
        self._clients = tuple(clients)
        self._cluster_id = new_cluster_id()
        self._ports = [free_port() for _ in range(count)]
        self._proxies: dict[str, list[TcpProxy]] = {}
        self.nodes: list[EmbeddedKafka] = []

    async def __aenter__(self) -> "Brokers":
        try:
            for client in self._clients:
                self._proxies[client] = [await TcpProxy(free_port()).start() for _ in range(self.count)]
            controllers = [free_port() for _ in range(self.count)]
            self.nodes = [self._node(number, controllers) for number in range(self.count)]
            await asyncio.gather(*(node.start() for node in self.nodes))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(node.stop() for node in self.nodes), return_exceptions=True)
        for proxies in self._proxies.values():
            for proxy in proxies:
                await proxy.close()

    @property
    def bootstrap(self) -> str:
        """The addresses without proxies, for observers."""
        return ",".join(f"{HOST}:{port}" for port in self._ports)

    @property
    def settings(self) -> KafkaSettings:
        """For observers and operators."""
        return KafkaSettings(kafka_bootstrap=self.bootstrap, replication=self.count)

    def bootstrap_of(self, client: str) -> str:
        """The addresses of a client's own links."""
        return ",".join(f"{HOST}:{proxy.port}" for proxy in self._proxies[client])

    def set_links(self, client: str, mode: Mode, brokers: Iterable[int] | None = None) -> None:
        """Change the mode of a client's links, to all brokers or some."""
        for number in range(self.count) if brokers is None else brokers:
            self._proxies[client][number].set(mode)

    def heal_links(self) -> None:
        """Every link passes everything."""
        for client in self._clients:
            self.set_links(client, "pass")

    async def kill(self, number: int) -> None:
        """kill -9."""
        os.kill(self.nodes[number].pid, signal.SIGKILL)
        await self.nodes[number].died()

    async def stop(self, number: int) -> None:
        """SIGTERM, and by force if that takes too long; its data stays."""
        await self.nodes[number].stop()

    async def start(self, number: int) -> None:
        """Start it again, with its data, at its address."""
        await self.nodes[number].start()

    def freeze(self, number: int) -> None:
        """SIGSTOP: it keeps its connections and does nothing."""
        os.kill(self.nodes[number].pid, signal.SIGSTOP)

    def thaw(self, number: int) -> None:
        """SIGCONT."""
        os.kill(self.nodes[number].pid, signal.SIGCONT)

    async def answer(self) -> bool:
        """Whether the cluster answers, within a while."""
        return await wait_until_it_answers(self.bootstrap, _START_SECONDS)

    def _node(self, number: int, controllers: Sequence[int]) -> EmbeddedKafka:
        own, links = self._ports[number], {client: self._proxies[client][number] for client in self._clients}
        names = {client: client.replace("-", "").upper() for client in links}
        listeners = {"PLAINTEXT": own, **{names[client]: proxy.target for client, proxy in links.items()}}
        advertised = {"PLAINTEXT": own, **{names[client]: proxy.port for client, proxy in links.items()}}
        controller = {"CONTROLLER": controllers[number]}
        settings = {
            **_COMMON,
            **(_REPLICATED if self.count == 3 else {}),
            "listeners": _addresses(listeners | controller),
            "advertised.listeners": _addresses(advertised),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in (*listeners, *controller)),
            "inter.broker.listener.name": "PLAINTEXT",
        }
        member = None
        if self.count == 3:
            voters = ",".join(f"{node}@{HOST}:{port}" for node, port in enumerate(controllers, 1))
            member = ClusterMember(number + 1, self._cluster_id, voters)
        else:
            settings["controller.quorum.bootstrap.servers"] = f"{HOST}:{controllers[number]}"
        return EmbeddedKafka(
            self._folder / f"broker-{number + 1}",
            port=own,
            settings=settings,
            jvm_flags=SHORT_LIVED,
            start_timeout=_START_SECONDS,
            member=member,
        )


def _addresses(ports: dict[str, int]) -> str:
    return ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items())
