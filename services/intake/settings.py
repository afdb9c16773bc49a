"""The settings of intake, read from its environment once at the start."""

from pathlib import Path
from typing import Self

from limits import parse
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from services.intake.api_keys import ApiKey, ApiKeys
from shared.contracts.request_ids import MIN_SECRET
from shared.http.limits import HttpLimits, http_limits, possible_connections
from shared.http.service_settings import ServiceSettings
from shared.kafka.settings import BadSettings, KafkaSettings
from shared.messages.catalogues import messages_in
from shared.messages.field_reasons import reason_of
from shared.policy.settings import PolicySettings

_HOW_TO_MAKE_ONE = "`frontline token secret` prints a new one"


class Settings(KafkaSettings, ServiceSettings, PolicySettings):
    """Every setting is the variable FRONTLINE_… of the same name in capitals; `.env.example` explains them."""

    http_port: int = Field(8080, ge=0, le=65535, description="0 = a free port, which the log names")
    api_keys: SecretStr | None = Field(None, description="JSON: a list of API keys by their hashes")
    api_keys_file: Path | None = Field(None, description="a file with the same JSON")
    unauthenticated_rate: str = Field("100/minute", description="calls without a known API key, of one address")
    id_secret: SecretStr | None = Field(
        None, description="makes ids; several separated by commas: the first makes them"
    )
    publish_timeout_seconds: float = Field(5.0, gt=0, le=60)
    publish_linger_ms: int = Field(2, ge=0, le=100, description="how long records wait to share a batch")
    recent_requests: int = Field(200_000, ge=1, le=5_000_000, description="how many recent requests have a status")
    recent_hours: float = Field(24.0, ge=0, le=720, description="how far back recent requests are read at the start")
    known_request_ids: int = Field(
        1_000_000, ge=1, le=50_000_000, description="of yesterday and today, to recognise an Idempotency-Key by"
    )
    http_connections: int | None = Field(
        None, ge=1, le=100_000, description="open at the same time; None = as many as the process can have"
    )
    http_connections_per_client: int | None = Field(None, ge=1, description="of one address; None = half of all")
    event_streams: int = Field(1_000, ge=0, le=100_000, description="open at the same time")
    event_streams_per_client: int | None = Field(None, ge=1, description="of one API key; None = half of all")

    @field_validator("unauthenticated_rate")
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
        """The limit of open event streams: at most three quarters of the connections, so that calls get through."""
        return min(self.event_streams, self.http_limits.connections * 3 // 4)

    def read_keys(self) -> tuple[ApiKey, ...]:
        """The configured API keys. Raises BadSettings with one line for each mistake: the entry and the field."""
        variable, text = "FRONTLINE_API_KEYS", self.api_keys.get_secret_value() if self.api_keys else ""
        if self.api_keys_file is not None:
            variable = "FRONTLINE_API_KEYS_FILE"
            try:
                text = self.api_keys_file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                raise BadSettings(f"{variable}={self.api_keys_file}: is not UTF-8 text") from None
            except OSError as error:
                raise BadSettings(f"{variable}={self.api_keys_file}: cannot be read: {error.strerror}") from None
        try:
            return ApiKeys.validate_json(text)
        except ValidationError as error:
            lines = []
            for item in error.errors(include_url=False, include_input=False):
                code, facts = reason_of(item["type"], item.get("ctx", {}))
                reason = item["msg"] if code == "field.not_valid" else messages_in()(code, **facts)
                lines.append(f"{variable}{''.join(f'[{part}]' for part in item['loc'])}: {reason}")
            raise BadSettings("\n".join(lines)) from None
