"""Settings of the connection to Kafka and of the task runtime: read from the environment once, in `__main__`."""

import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import DirectoryPath, Field, SecretStr, field_validator

from shared.kafka.namespace import PATTERN, Namespace
from shared.settings import PREFIX, BadSettings, EnvironmentSettings, WrongSetting, load
from shared.test_clock import AdvanceableClock
from shared.watched_clock import WatchedClock

__all__ = ["PREFIX", "BadSettings", "KafkaSettings", "load"]  # most callers need these together

_LAST_PORT = 65_535


class KafkaSettings(EnvironmentSettings):
    """The address of Kafka, its credentials, and the limits of the task runtime: milliseconds and bytes.

    Each field is the variable `FRONTLINE_<FIELD>`. The defaults are right for one machine and for a cluster nearby.
    """

    kafka_bootstrap: str = Field("127.0.0.1:9092", description="host:port, several separated by commas")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_ca_file: Path | None = Field(None, description="PEM; None = the machine's authorities")
    kafka_ssl_cert_file: Path | None = Field(None, description="PEM: this client's certificate, with its chain")
    kafka_ssl_key_file: Path | None = Field(None, description="PEM; None = the key is in the certificate's file")
    kafka_ssl_key_password: SecretStr | None = None

    namespace: str = Field(
        "", pattern=PATTERN, description="precedes the names of topics, groups and transactional ids, with a dot"
    )
    partitions: int = Field(6, ge=1, le=1_000, description="of every topic that a task reads or writes")
    replication: int = Field(1, ge=1, le=9, description="copies of each topic; 3 on a cluster")
    instance: str | None = Field(
        None, pattern=r"^[A-Za-z0-9._-]{1,64}$", description="a stable name of this instance: static membership"
    )

    kafka_request_timeout_ms: int = Field(10_000, ge=1_000, le=120_000)
    session_timeout_ms: int = Field(6_000, ge=6_000, le=300_000, description="the broker's lower limit is 6 s")
    heartbeat_interval_ms: int = Field(500, ge=50, le=60_000)
    rebalance_timeout_ms: int = Field(
        15_000, ge=1_000, le=300_000, description="for tasks to finish or abort their transactions"
    )
    fetch_max_wait_ms: int = Field(15, ge=1, le=500)
    max_batch_size: int = Field(512 * 1024, ge=1_024, le=1024 * 1024)
    transaction_timeout_ms: int = Field(10_000, ge=1_000, le=900_000)
    commit_gap_ms: float = Field(25.0, ge=0, le=10_000, description="least time between two transactions of a task")
    clock_tolerance_ms: int = Field(1_000, ge=50, le=60_000, description="wall clock against monotonic clock")
    clock_settle_ms: int = Field(
        30_000, ge=1_000, description="how long a stepped wall clock must be stable before a service follows it"
    )
    test_clock: DirectoryPath | None = Field(
        None, description="the folder of a clock that tests advance; only `frontline up --test-clock` sets it"
    )

    @field_validator("kafka_bootstrap")
    @classmethod
    def _check_addresses(cls, addresses: str) -> str:
        for address in addresses.split(","):
            host, _, port = address.strip().rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) <= _LAST_PORT:
                raise ValueError(f"{address.strip()!r} is not HOST:PORT; separate several with commas")
        return addresses

    @field_validator("test_clock", "kafka_ssl_ca_file", "kafka_ssl_cert_file", "kafka_ssl_key_file", mode="before")
    @classmethod
    def _empty_is_none(cls, path: Any) -> Any:
        """Else an empty variable would be the current folder."""
        return path or None

    def contradictions(self) -> Iterator[WrongSetting]:
        """Credentials that are missing, files of TLS that cannot be used, and limits that contradict each other."""
        yield from super().contradictions()
        protocol = self.kafka_security_protocol
        if protocol.startswith("SASL") and not (self.kafka_sasl_username and self.kafka_sasl_password):
            yield WrongSetting(
                ("kafka_security_protocol", "kafka_sasl_username", "kafka_sasl_password"),
                f"{PREFIX}KAFKA_SECURITY_PROTOCOL={protocol} needs {PREFIX}KAFKA_SASL_USERNAME and "
                f"{PREFIX}KAFKA_SASL_PASSWORD",
            )
        yield from self._wrong_files()
        if self.heartbeat_interval_ms * 3 > self.session_timeout_ms:
            yield WrongSetting(
                ("heartbeat_interval_ms", "session_timeout_ms"),
                f"{PREFIX}HEARTBEAT_INTERVAL_MS={self.heartbeat_interval_ms} is more than a third of "
                f"{PREFIX}SESSION_TIMEOUT_MS={self.session_timeout_ms}: one late heartbeat would cost the membership",
            )

    def _wrong_files(self) -> Iterator[WrongSetting]:
        """Else a client would fail at each try to connect, and that looks like a broker that does not answer."""
        readable = True
        for name in ("kafka_ssl_ca_file", "kafka_ssl_cert_file", "kafka_ssl_key_file"):
            path: Path | None = getattr(self, name)
            try:
                content = b"" if path is None else path.read_bytes()
                if path is not None and b"-----BEGIN " not in content:
                    raise ValueError("has nothing in the form of PEM")
            except OSError as error:
                readable = False
                yield WrongSetting((name,), f"{PREFIX}{name.upper()}={path}: cannot be read: {error.strerror}")
            except ValueError as error:
                readable = False
                yield WrongSetting((name,), f"{PREFIX}{name.upper()}={path}: {error}")
        if readable:
            yield from self._unusable_certificates()

    def _unusable_certificates(self) -> Iterator[WrongSetting]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.kafka_ssl_ca_file is not None:
            try:
                context.load_verify_locations(self.kafka_ssl_ca_file)
            except ssl.SSLError:
                line = f"{PREFIX}KAFKA_SSL_CA_FILE={self.kafka_ssl_ca_file}: has no certificate in PEM form"
                yield WrongSetting(("kafka_ssl_ca_file",), line)
        try:
            self._load_own_certificate(context)
        except ssl.SSLError as error:
            yield WrongSetting(
                ("kafka_ssl_cert_file", "kafka_ssl_key_file", "kafka_ssl_key_password"),
                f"{PREFIX}KAFKA_SSL_CERT_FILE={self.kafka_ssl_cert_file}: cannot be used with its key "
                f"({PREFIX}KAFKA_SSL_KEY_FILE, {PREFIX}KAFKA_SSL_KEY_PASSWORD): {error.reason or 'not readable'}",
            )
        if self.kafka_ssl_cert_file is None and self.kafka_ssl_key_file is not None:
            yield WrongSetting(
                ("kafka_ssl_cert_file", "kafka_ssl_key_file"),
                f"{PREFIX}KAFKA_SSL_KEY_FILE={self.kafka_ssl_key_file} needs {PREFIX}KAFKA_SSL_CERT_FILE",
            )

    def _load_own_certificate(self, context: ssl.SSLContext) -> None:
        if self.kafka_ssl_cert_file is not None:
            password = self.kafka_ssl_key_password
            # With None, OpenSSL would ask for the password on the terminal.
            secret = password.get_secret_value() if password else ""
            context.load_cert_chain(self.kafka_ssl_cert_file, self.kafka_ssl_key_file, secret)

    @property
    def names(self) -> Namespace:
        """The names that Kafka has for topics, groups, transactional ids and clients."""
        return Namespace(self.namespace)

    def watched_clock(self) -> WatchedClock:
        """The wall clock, watched for jumps by these limits; with `test_clock` one that a test may advance."""
        tolerance = timedelta(milliseconds=self.clock_tolerance_ms)
        settle = timedelta(milliseconds=self.clock_settle_ms)
        if self.test_clock is not None:
            return AdvanceableClock(self.test_clock, tolerance, settle)
        return WatchedClock(tolerance, settle)

    def client(self) -> dict[str, Any]:
        """The arguments of every aiokafka client: its connection, no names."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.kafka_bootstrap,
            "security_protocol": self.kafka_security_protocol,
            "request_timeout_ms": self.kafka_request_timeout_ms,
        }
        if self.kafka_security_protocol.endswith("SSL"):
            arguments["ssl_context"] = context = ssl.create_default_context(cafile=self.kafka_ssl_ca_file)
            self._load_own_certificate(context)
        if self.kafka_security_protocol.startswith("SASL"):
            password = self.kafka_sasl_password
            arguments["sasl_mechanism"] = self.kafka_sasl_mechanism
            arguments["sasl_plain_username"] = self.kafka_sasl_username
            arguments["sasl_plain_password"] = password.get_secret_value() if password else None
        return arguments
