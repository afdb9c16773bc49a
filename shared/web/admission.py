"""Reads from settings who is admitted: clients by their API keys, and the host applications that vouch for people."""

from pathlib import Path
from typing import TypeVar

from limits import parse
from pydantic import ConfigDict, SecretStr, TypeAdapter, ValidationError

from shared.identity.signed_tokens import BadKey, TokenHost, usable_keys
from shared.kafka.settings import BadSettings
from shared.messages.catalogues import messages_in
from shared.messages.field_reasons import reason_of
from shared.web.api_keys import ApiKey, ApiKeys
from shared.web.callers import VISITOR
from shared.web.origins import is_origin

T = TypeVar("T")
TokenHosts = TypeAdapter(tuple[TokenHost, ...], config=ConfigDict(hide_input_in_errors=True))


def read_keys(variable: str, text: SecretStr | None, file: Path | None) -> tuple[ApiKey, ...]:
    """The API keys of one of both settings. Raises BadSettings with one line for each mistake."""
    return _validated(ApiKeys, *_source(variable, text, file))


def read_hosts(
    variable: str, text: SecretStr | None, file: Path | None, keys: tuple[ApiKey, ...]
) -> tuple[TokenHost, ...]:
    """The host applications of one of both settings; without either none. Raises BadSettings, likewise.

    A name is that of one client: it tells in events who sent a request, and whose Idempotency-Key a key is.
    """
    if text is None and file is None:
        return ()
    variable, json = _source(variable, text, file)
    hosts = _validated(TokenHosts, variable, json)
    names = {key.name for key in keys}
    mistakes = []
    for index, host in enumerate(hosts):
        mistakes += [f"{variable}[{index}]{mistake}" for mistake in _mistakes_of(host, names)]
        names.add(host.name)
    if mistakes:
        raise BadSettings("\n".join(mistakes))
    return hosts


def _mistakes_of(host: TokenHost, taken: set[str]) -> list[str]:
    mistakes = []
    if host.name in taken or host.name.startswith(VISITOR):
        mistakes.append(f"[name]: an API key or another host application has this name, or it begins with {VISITOR}")
    if host.rate is not None:
        try:
            parse(host.rate)
        except ValueError:
            mistakes.append(f"[rate]: {messages_in()('field.rate')}")
    for place, origin in enumerate(host.origins):
        if not is_origin(origin):
            mistakes.append(f"[origins][{place}]: must be an origin such as https://portal.example, without a path")
    try:
        usable_keys(host)
    except BadKey as error:
        mistakes.append(f".{error}")
    return mistakes


def _source(variable: str, text: SecretStr | None, file: Path | None) -> tuple[str, str]:
    """The variable that is set, and its JSON. Raises BadSettings for a file that cannot be read."""
    if file is None:
        return variable, text.get_secret_value() if text else ""
    variable += "_FILE"
    try:
        return variable, file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadSettings(f"{variable}={file}: is not UTF-8 text") from None
    except OSError as error:
        raise BadSettings(f"{variable}={file}: cannot be read: {error.strerror}") from None


def _validated(kind: TypeAdapter[T], variable: str, text: str) -> T:
    try:
        return kind.validate_json(text)
    except ValidationError as error:
        lines = []
        for item in error.errors(include_url=False, include_input=False):
            code, facts = reason_of(item["type"], item.get("ctx", {}))
            reason = item["msg"] if code == "field.not_valid" else messages_in()(code, **facts)
            lines.append(f"{variable}{''.join(f'[{part}]' for part in item['loc'])}: {reason}")
        raise BadSettings("\n".join(lines)) from None
