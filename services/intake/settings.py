"""The settings of intake, read from its environment once at the start."""

from pathlib import Path
from typing import Self

from limits import parse
from pydantic import Field, SecretStr, field_validator, model_validator

from services.intake.admission import read_hosts, read_keys
from services.intake.callers import Callers
from services.intake.origins import is_origin
from shared.contracts.request_ids import MIN_SECRET
from shared.help_topics.mistakes import HelpTopicsError
from shared.help_topics.settings import HelpTopicsSettings
from shared.help_topics.topics import Topics
from shared.http.limits import HttpLimits, http_limits, possible_connections
from shared.http.service_settings import ServiceSettings
from shared.kafka.settings import BadSettings, KafkaSettings
from shared.policy.settings import PolicySettings
from shared.wall_clock import utc_now

_HOW_TO_MAKE_ONE = "`frontline token secret` prints a new one"


class Settings(KafkaSettings, ServiceSettings, PolicySettings, HelpTopicsSettings):
    """Every setting is the variable FRONTLINE_… of the same name in capitals; `.env.example` explains them."""

    http_port: int = Field(8080, ge=0, le=65535, description="0 = a free port, which the log names")
    api_keys: SecretStr | None = Field(None, description="JSON: a list of API keys by their hashes")
    api_keys_file: Path | None = Field(None, description="a file with the same JSON")
    unauthenticated_rate: str = Field("100/minute", description="calls without a known API key, of one address")
    anonymous_rate: str = Field("20/minute", description="what visitors of one address send by forms, not signed in")
    token_hosts: SecretStr | None = Field(None, description="JSON: a list of host applications with their keys")
    token_hosts_file: Path | None = Field(None, description="a file with the same JSON")
    token_audience: str = Field("frontline", min_length=1, description="what tokens must name as their `aud`")
    demo_sign_in_file: Path | None = Field(None, description="the key and the people of the demo sign-in page")
    cors_origins: str = Field("", description="of web pages elsewhere that may call from a browser, by commas")
    id_secret: SecretStr | None = Field(
        None, description="makes ids; several separated by commas: the first makes them"
    )
    publish_timeout_seconds: float = Field(5.0, gt=0, le=60)
    publish_linger_ms: int = Field(2, ge=0, le=100, description="how long records wait to share a batch")
    recent_requests: int = Field(200_000, ge=1, le=5_000_000, description="how many recent requests have a status")
    recent_hours: float = Field(24.0, ge=0, le=720, description="how far back recent requests are read at the start")
    recent_cases_mb: int = Field(64, ge=0, le=100_000, description="how much of the log the pages keep in memory")
    known_request_ids: int = Field(
        1_000_000, ge=1, le=50_000_000, description="of yesterday and today, to recognise an Idempotency-Key by"
    )
    http_connections: int | None = Field(
        None, ge=1, le=100_000, description="open at the same time; None = as many as the process can have"
    )
    http_connections_per_client: int | None = Field(None, ge=1, description="of one address; None = half of all")
    event_streams: int = Field(1_000, ge=0, le=100_000, description="and chats, open at the same time")
    event_streams_per_client: int | None = Field(None, ge=1, description="of one caller; None = half of all")
    chat_rate: str = Field("120/minute", description="messages of one person, or of the visitors of one address")
    chat_idle_minutes: float = Field(30.0, gt=0, le=1440, description="without a message, then a chat is closed")

    @field_validator("unauthenticated_rate", "anonymous_rate", "chat_rate")
    @classmethod
    def _check_rate(cls, text: str) -> str:
        try:
            if parse(text).amount > 0:
                return text
        except ValueError:
            pass
        raise ValueError("must read like 100/minute or 20 per hour")

    @model_validator(mode="after")
    def _one_source_of_keys(self) -> Self:
        if (self.api_keys is None) == (self.api_keys_file is None):
            raise ValueError(
                "set one of FRONTLINE_API_KEYS and FRONTLINE_API_KEYS_FILE; "
                "`frontline token key NAME --scopes submit` makes a key and its entry"
            )
        return self

    @model_validator(mode="after")
    def _one_source_of_hosts(self) -> Self:
        if self.token_hosts is not None and self.token_hosts_file is not None:
            raise ValueError("set one of FRONTLINE_TOKEN_HOSTS and FRONTLINE_TOKEN_HOSTS_FILE, not both")
        return self

    @model_validator(mode="after")
    def _origins_are_origins(self) -> Self:
        for origin in self.other_origins:
            if not is_origin(origin):
                raise ValueError(
                    f"FRONTLINE_CORS_ORIGINS: {origin!r} is no origin; write it like https://portal.example, "
                    "without a path, and several separated by commas"
                )
        return self

    @model_validator(mode="after")
    def _secrets_are_long(self) -> Self:
        secrets = self.id_secrets
        if not secrets:
            raise ValueError("FRONTLINE_ID_SECRET: is required, so that ids cannot be guessed; " + _HOW_TO_MAKE_ONE)
        for number, secret in enumerate(secrets, 1):
            if len(secret.decode()) < MIN_SECRET:
                raise ValueError(
                    f"FRONTLINE_ID_SECRET: secret {number} of {len(secrets)} has fewer than {MIN_SECRET} characters; "
                    + _HOW_TO_MAKE_ONE
                )
        return self

    @model_validator(mode="after")
    def _no_more_connections_than_files(self) -> Self:
        possible = possible_connections()
        if self.http_connections is not None and possible is not None and self.http_connections > possible:
            raise ValueError(
                f"http_connections={self.http_connections}: `ulimit -n` leaves {possible} for connections; "
                "set at most that, or raise `ulimit -n`"
            )
        return self

    @property
    def id_secrets(self) -> tuple[bytes, ...]:
        """The secrets of ids. The first makes new ones, all recognise them."""
        text = self.id_secret.get_secret_value() if self.id_secret else ""
        return tuple(secret.strip().encode() for secret in text.split(",")) if text.strip() else ()

    @property
    def http_limits(self) -> HttpLimits:
        """The limits of the web server."""
        return http_limits(self.http_connections, self.http_connections_per_client)

    @property
    def event_stream_limit(self) -> int:
        """The limit of event streams and chats: at most three quarters of the connections; the rest is for calls."""
        return min(self.event_streams, self.http_limits.connections * 3 // 4)

    def read_callers(self) -> Callers:
        """Who is admitted. Raises BadSettings with one line for each mistake: the entry and the field."""
        keys = read_keys("FRONTLINE_API_KEYS", self.api_keys, self.api_keys_file)
        hosts = read_hosts("FRONTLINE_TOKEN_HOSTS", self.token_hosts, self.token_hosts_file, keys)
        return Callers(keys, hosts, self.token_audience, utc_now)

    def read_topics(self) -> Topics:
        """What the bot of the chat answers from. Raises BadSettings with one line for each mistake."""
        try:
            return Topics(self.topics())
        except HelpTopicsError as error:
            raise BadSettings("\n".join(f"FRONTLINE_HELP_TOPICS: {each}" for each in error.mistakes)) from None

    @property
    def other_origins(self) -> tuple[str, ...]:
        """The origins of web pages elsewhere that may call intake from a browser."""
        return tuple(origin.strip() for origin in self.cors_origins.split(",") if origin.strip())
