"""Reads the log of the embedded broker: its port, whether it has started, and why it ended.

The phrases are those of the locked Kafka version; the tests of the embedded broker fail if a new version changes them.
"""

import re
from pathlib import Path

from shared.embedded_kafka.errors import (
    BrokerDied,
    DataFolderCorrupt,
    DataFolderInUse,
    DiskFull,
    KafkaFailed,
    PortTaken,
)

_ACCEPTOR = re.compile(r"DataPlaneAcceptor Awaiting socket connections on \S+:(\d+)")
_BROKER_SOCKET = "SocketServer [SocketServer listenerType=BROKER"
_STARTED = "Kafka Server started"
_BIND_FAILED = re.compile(r"Socket server failed to bind to \S+?:(\d+)|java\.net\.BindException")
_DISK_FULL = ("No space left on device", "Disk quota exceeded")
_IN_USE = "A Kafka instance in another process or thread is using this directory"
_CORRUPT = re.compile(
    r"\b(\w*(?:InconsistentClusterId|InconsistentBrokerId|KafkaStorage|CorruptRecord|InvalidRecord|"
    r"InconsistentMetadata|CorruptSnapshot)\w*Exception: .*|No readable meta\.properties.*|"
    r"No FeatureLevelRecord .* in the bootstrap metadata.*)"
)
NEARLY_NOTHING = 4 * 1024 * 1024  # bytes; with less, a full file system may have ended the process without a log line


def listener_port(log: str) -> int:
    """The port of the broker's listener, chosen by the kernel. Raises LookupError if the log does not name it."""
    port = None
    for line in log.splitlines():
        if match := _ACCEPTOR.search(line):
            port = int(match[1])  # of the listener that the next lines name: the controller's or the broker's
        elif _BROKER_SOCKET in line and port is not None:
            return port
    raise LookupError("the broker has started, but its log does not say on which port")


def has_started(log: str) -> bool:
    """Whether the log says that the broker is ready."""
    return _STARTED in log


def last_line(log: str) -> str:
    """The line that explains an end best: the last error, else the last line; without time and stack."""
    lines = [line.strip() for line in log.splitlines() if line.strip() and not line.startswith(("\t", "    at "))]
    errors = [line for line in lines if re.search(r" (ERROR|FATAL) |Exception|Error:|^cannot start ", line)]
    chosen = (errors or lines or ["nothing"])[-1]
    return re.sub(r"^[\d-]{10} [\d:.,]+ ", "", chosen)[:300]


def why_it_ended(log: str, how: str, *, log_file: Path, folder: Path, port: int, free_bytes: int) -> KafkaFailed:
    """The error for the end of a broker, from its log; `how` is its exit code in words."""
    if any(phrase in log for phrase in _DISK_FULL) or free_bytes < NEARLY_NOTHING:
        return DiskFull(folder=folder)
    if match := _BIND_FAILED.search(log):
        return PortTaken(port=match[1] or port, host="127.0.0.1")
    if _IN_USE in log:
        return DataFolderInUse(folder=folder)
    if match := _CORRUPT.search(log):
        return DataFolderCorrupt(folder=folder, reason=match[1].strip()[:300])
    return BrokerDied(how=how, last_line=last_line(log), log=log_file)
