"""Settings of the connection to Kafka and of the task runtime: read from the environment once, in `__main__`."""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import DirectoryPath, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kafka.faults import KafkaFault
from shared.kafka.namespace import PATTERN, Namespace
from shared.test_clock import AdvanceableClock
from shared.watched_clock import WatchedClock

PREFIX = "FRONTLINE_"
_LAST_PORT = 65_535


class BadSettings(KafkaFault):
    """One or more variables of the environment are wrong; the message has one line for each."""


class KafkaSettings(BaseSettings):
    """The address of Kafka, its credentials, and the limits of the task runtime: milliseconds and bytes.

    Each field is the variable `FRONTLINE_<FIELD>`. The defaults are right for one machine and for a cluster nearby.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    kafka_bootstrap: str = Field("127.0.0.1:9092", description="host:port, several separated by commas")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_ca_file: Path | None = Field(None, description="PEM; None = the machine's authorities")

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

    @field_validator("test_clock", mode="before")
    @classmethod
    def _empty_is_none(cls, folder: Any) -> Any:
        """Else an empty variable would be the current folder."""
        return folder or None

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL") and not (
            self.kafka_sasl_username and self.kafka_sasl_password
        ):
            raise ValueError(
                f"kafka_security_protocol={self.kafka_security_protocol} needs kafka_sasl_username and "
                "kafka_sasl_password"
            )
        if self.heartbeat_interval_ms * 3 > self.session_timeout_ms:
            raise ValueError(
                f"heartbeat_interval_ms={self.heartbeat_interval_ms} is more than a third of "
                f"session_timeout_ms={self.session_timeout_ms}: one late heartbeat would cost the membership"
            )
        return self

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
            arguments["ssl_context"] = ssl.create_default_context(
                cafile=str(self.kafka_ssl_ca_file) if self.kafka_ssl_ca_file else None
            )
        if self.kafka_security_protocol.startswith("SASL"):
            password = self.kafka_sasl_password
            arguments["sasl_mechanism"] = self.kafka_sasl_mechanism
            arguments["sasl_plain_username"] = self.kafka_sasl_username
            arguments["sasl_plain_password"] = password.get_secret_value() if password else None
        return arguments


_Settings = TypeVar("_Settings", bound=BaseSettings)


def load(kind: type[_Settings], **given: Any) -> _Settings:
    """Read settings from the environment; `given` values win. Raises BadSettings, which never quotes a secret."""
    try:
        return kind(**given)
    except ValidationError as error:
        raise BadSettings("\n".join(_line(kind, detail) for detail in error.errors(include_url=False))) from None


def _line(kind: type[BaseSettings], detail: Any) -> str:
    place, message = detail["loc"], detail["msg"].removeprefix("Value error, ")
    if not place:
        for name in sorted(kind.model_fields, key=len, reverse=True):
            message = message.replace(name, PREFIX + name.upper())
        return str(message)
    name = str(place[0])
    field = kind.model_fields.get(name)
    secret = field is not None and "Secret" in str(field.annotation)
    value = "***" if secret else repr(detail["input"])
    return f"{PREFIX}{name.upper()}={value}: {message}"
