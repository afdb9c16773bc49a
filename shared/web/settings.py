"""The settings of a service with callers: who is admitted and how often, and how many may be connected."""

from collections.abc import Iterator
from pathlib import Path

from limits import parse
from pydantic import Field, SecretStr, field_validator

from shared.contracts.request_ids import MIN_SECRET
from shared.http.limits import HttpLimits, http_limits, possible_connections
from shared.http.service_settings import ServiceSettings
from shared.settings import BadSettings, WrongSetting
from shared.wall_clock import utc_now
from shared.web.admission import read_hosts, read_keys
from shared.web.api_keys import ApiKey
from shared.web.callers import Callers
from shared.web.development_key import DEVELOPMENT_ID_SECRET, DEVELOPMENT_KEY, DEVELOPMENT_SHA256, THIS_MACHINE
from shared.web.host_names import canonical, hosts_in, is_loopback, of_others
from shared.web.origins import is_origin

_HOW_TO_MAKE_ONE = "`frontline token secret` prints a new one"


def checked_rate(text: str) -> str:
    """`text`, if it is a rate of some calls. Raises ValueError."""
    try:
        if parse(text).amount > 0:
            return text
    except ValueError:
        pass
    raise ValueError("must read like 100/minute or 20 per hour")


def _separated(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(",") if each.strip())


class WebSettings(ServiceSettings):
    """What a service with callers and pages adds. Two services beside each other have the same keys and secrets."""

    api_keys: SecretStr | None = Field(None, description="JSON: a list of API keys by their hashes")
    api_keys_file: Path | None = Field(None, description="a file with the same JSON")
    unauthenticated_rate: str = Field("100/minute", description="calls without a known API key, of one address")
    anonymous_rate: str = Field("20/minute", description="what visitors of one address send by forms, not signed in")
    token_hosts: SecretStr | None = Field(None, description="JSON: a list of host applications with their keys")
    token_hosts_file: Path | None = Field(None, description="a file with the same JSON")
    token_audience: str = Field("frontline", min_length=1, description="what tokens must name as their `aud`")
    demo_sign_in_file: Path | None = Field(None, description="the key and the people of the demo sign-in page")
    development_anywhere: bool = Field(False, description="the development key and the demo beyond this machine, too")
    allowed_hosts: str | None = Field(None, description="by which names callers reach it, by commas; None = by any")
    cors_origins: str = Field("", description="of web pages elsewhere that may call from a browser, by commas")
    id_secret: SecretStr | None = Field(
        None, description="makes ids; several separated by commas: the first makes them"
    )
    http_connections: int | None = Field(
        None, ge=1, le=100_000, description="open at the same time; None = as many as the process can have"
    )
    http_connections_per_client: int | None = Field(None, ge=1, description="of one address; None = half of all")
    event_streams: int = Field(1_000, ge=0, le=100_000, description="and chats, open at the same time")
    event_streams_per_client: int | None = Field(None, ge=1, description="of one caller; None = half of all")

    _rates = field_validator("unauthenticated_rate", "anonymous_rate")(checked_rate)

    def contradictions(self) -> Iterator[WrongSetting]:
        """Who is admitted is set in one place, the secrets are long, and origins and connections are possible."""
        yield from super().contradictions()
        if (self.api_keys is None) == (self.api_keys_file is None):
            yield WrongSetting(
                ("api_keys", "api_keys_file"),
                "set one of FRONTLINE_API_KEYS and FRONTLINE_API_KEYS_FILE; "
                "`frontline token key NAME --scopes submit` makes a key and its entry",
            )
        if self.token_hosts is not None and self.token_hosts_file is not None:
            yield WrongSetting(
                ("token_hosts", "token_hosts_file"),
                "set one of FRONTLINE_TOKEN_HOSTS and FRONTLINE_TOKEN_HOSTS_FILE, not both",
            )
        wrong = [origin for origin in self.other_origins if not is_origin(origin)]
        if wrong:
            yield WrongSetting(
                ("cors_origins",),
                f"FRONTLINE_CORS_ORIGINS: {', '.join(map(repr, wrong))} is no origin; write it like "
                "https://portal.example, without a path, and several separated by commas",
            )
        yield from self._wrong_hosts()
        if reason := self._wrong_secrets():
            yield WrongSetting(("id_secret",), f"FRONTLINE_ID_SECRET: {reason}; {_HOW_TO_MAKE_ONE}")
        possible = possible_connections()
        if self.http_connections is not None and possible is not None and self.http_connections > possible:
            yield WrongSetting(
                ("http_connections",),
                f"FRONTLINE_HTTP_CONNECTIONS={self.http_connections}: `ulimit -n` leaves {possible} for connections; "
                "set at most that, or raise `ulimit -n`",
            )

    def _wrong_hosts(self) -> Iterator[WrongSetting]:
        wrong = [host for host in _separated(self.allowed_hosts or "") if canonical(host) is None]
        if wrong:
            yield WrongSetting(
                ("allowed_hosts",),
                f"FRONTLINE_ALLOWED_HOSTS: {', '.join(map(repr, wrong))} is no host; write names and addresses without "
                "a port, such as localhost,127.0.0.1,[::1], separated by commas",
            )

    def _wrong_secrets(self) -> str:
        secrets = self.id_secrets
        if not secrets:
            return "is required, so that ids cannot be guessed"
        short = [str(number) for number, secret in enumerate(secrets, 1) if len(secret.decode()) < MIN_SECRET]
        return f"secret {', '.join(short)} of {len(secrets)} has fewer than {MIN_SECRET} characters" if short else ""

    def wrong_documents(self) -> Iterator[WrongSetting]:
        """The mistakes in the lists of who is admitted, and files that cannot be read."""
        yield from super().wrong_documents()
        keys: tuple[ApiKey, ...] = ()
        try:
            keys = read_keys("FRONTLINE_API_KEYS", self.api_keys, self.api_keys_file)
        except BadSettings as error:
            yield WrongSetting(("api_keys", "api_keys_file"), str(error))
        yield from self._wrong_for_development(keys)
        try:
            read_hosts("FRONTLINE_TOKEN_HOSTS", self.token_hosts, self.token_hosts_file, keys)
        except BadSettings as error:
            yield WrongSetting(("token_hosts", "token_hosts_file"), str(error))

    def _wrong_for_development(self, keys: tuple[ApiKey, ...]) -> Iterator[WrongSetting]:
        """What everybody knows admits no other machine, and no page whose name stands for this one (`hosts.py`)."""
        everybody: list[tuple[str, str]] = []
        if any(key.sha256 == DEVELOPMENT_SHA256 for key in keys):
            reason = f"FRONTLINE_API_KEYS admits the key {DEVELOPMENT_KEY}, which everybody knows"
            everybody.append(("api_keys", reason))
        others = any(key.sha256 != DEVELOPMENT_SHA256 for key in keys)
        if others and DEVELOPMENT_ID_SECRET.encode() in self.id_secrets:
            yield WrongSetting(
                ("id_secret", "api_keys", "api_keys_file"),
                "FRONTLINE_ID_SECRET: has the secret of .env.example, by which everybody can make the ids of your "
                f"callers; {_HOW_TO_MAKE_ONE}",
            )
        if self.demo_sign_in_file is not None:
            everybody.append(("demo_sign_in_file", "FRONTLINE_DEMO_SIGN_IN_FILE signs in whoever opens its page"))
        for field, reason in everybody:
            yield from self._wrong_address(field, reason)
            yield from self._wrong_names(field, reason)

    def _wrong_address(self, field: str, reason: str) -> Iterator[WrongSetting]:
        if not is_loopback(self.http_host) and not self.development_anywhere:
            yield WrongSetting(
                (field, "http_host"),
                f"{reason}, and FRONTLINE_HTTP_HOST={self.http_host} is reached from other machines: take it away "
                "(`frontline token key NAME --scopes submit` makes a key), listen on 127.0.0.1, or set "
                "FRONTLINE_DEVELOPMENT_ANYWHERE=true where something else keeps others out",
            )

    def _wrong_names(self, field: str, reason: str) -> Iterator[WrongSetting]:
        if not self.hosts:
            yield WrongSetting(
                (field, "allowed_hosts"),
                f"{reason}: set FRONTLINE_ALLOWED_HOSTS to the names of this machine, such as "
                f"{','.join(THIS_MACHINE)}, or take it away",
            )
        elif (others := of_others(self.hosts)) and not self.development_anywhere:
            yield WrongSetting(
                (field, "allowed_hosts"),
                f"{reason}, and FRONTLINE_ALLOWED_HOSTS has {others}, by which a proxy may let other machines in: "
                "take it away (`frontline token key NAME --scopes submit` makes a key), leave the names of this "
                f"machine alone, such as {','.join(THIS_MACHINE)}, or set FRONTLINE_DEVELOPMENT_ANYWHERE=true where "
                "something else keeps others out",
            )

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

    @property
    def other_origins(self) -> tuple[str, ...]:
        """The origins of web pages elsewhere that may call from a browser."""
        return _separated(self.cors_origins)

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts for which it answers; without any, for every one."""
        return hosts_in(self.allowed_hosts or "")

    def read_callers(self) -> Callers:
        """Who is admitted. Raises BadSettings with one line for each mistake: the entry and the field."""
        keys = read_keys("FRONTLINE_API_KEYS", self.api_keys, self.api_keys_file)
        hosts = read_hosts("FRONTLINE_TOKEN_HOSTS", self.token_hosts, self.token_hosts_file, keys)
        return Callers(keys, hosts, self.token_audience, utc_now)
