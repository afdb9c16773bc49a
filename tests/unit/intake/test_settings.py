"""Settings: one line for each wrong variable, and never a secret in it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.intake.settings import Settings
from shared.kafka.settings import BadSettings, KafkaSettings, load
from tests.harness.intake import CLIENTS, ID_SECRET, api_keys, key_of
from tests.harness.sign_in import token_hosts

GOOD = {
    "FRONTLINE_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "FRONTLINE_API_KEYS": api_keys(),
    "FRONTLINE_ID_SECRET": ID_SECRET,
}

SHARED = ("policies", "policy_dir", "http_host", "http_port", "log_level", "log_format")  # every service has them


def _host(**changes: Any) -> str:
    (entry,) = json.loads(token_hosts())
    return json.dumps([entry | changes])


def _read(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> Settings:
    for name, value in (GOOD | changes).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    settings = load(Settings)
    settings.read_callers()
    return settings


def _admitted(settings: Settings) -> list[str]:
    callers = settings.read_callers()
    return [callers.identify(f"Bearer {key_of(name)}").client for name in CLIENTS]


def test_only_an_api_key_and_a_secret_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else has a default that is right on one machine."""
    settings = _read(monkeypatch)
    assert _admitted(settings) == list(CLIENTS)
    assert (settings.http_port, settings.recent_requests, settings.policies) == (8080, 200_000, ("guidelines-2021",))


def test_editions_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """As names or files, in any order."""
    settings = _read(monkeypatch, FRONTLINE_POLICIES="objectives-2024, ./mine.yaml")
    assert settings.policies == ("objectives-2024", "./mine.yaml")


def test_keys_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An operator may not want keys in the environment."""
    file = tmp_path / "keys.json"
    file.write_text(api_keys(), encoding="utf-8")
    settings = _read(monkeypatch, FRONTLINE_API_KEYS=None, FRONTLINE_API_KEYS_FILE=str(file))
    assert _admitted(settings) == list(CLIENTS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"FRONTLINE_HTTP_PORT": "eighty"}, ["FRONTLINE_HTTP_PORT", "integer"]),
        ({"FRONTLINE_HTTP_PORT": "70000"}, ["FRONTLINE_HTTP_PORT", "65535"]),
        ({"FRONTLINE_LOG_LEVEL": "loud"}, ["FRONTLINE_LOG_LEVEL", "'warning'"]),
        ({"FRONTLINE_PUBLISH_TIMEOUT_SECONDS": "0"}, ["FRONTLINE_PUBLISH_TIMEOUT_SECONDS", "greater than 0"]),
        ({"FRONTLINE_RECENT_REQUESTS": "0"}, ["FRONTLINE_RECENT_REQUESTS", "1"]),
        ({"FRONTLINE_POLICIES": " , "}, ["FRONTLINE_POLICIES"]),
        ({"FRONTLINE_API_KEYS": None}, ["FRONTLINE_API_KEYS", "FRONTLINE_API_KEYS_FILE", "frontline token key"]),
        ({"FRONTLINE_API_KEYS_FILE": "/nowhere"}, ["FRONTLINE_API_KEYS", "FRONTLINE_API_KEYS_FILE"]),
        (
            {"FRONTLINE_API_KEYS": None, "FRONTLINE_API_KEYS_FILE": "/nowhere/keys.json"},
            ["FRONTLINE_API_KEYS_FILE=/nowhere/keys.json", "No such file"],
        ),
        ({"FRONTLINE_ID_SECRET": None}, ["FRONTLINE_ID_SECRET", "required", "frontline token secret"]),
        ({"FRONTLINE_ID_SECRET": "short"}, ["FRONTLINE_ID_SECRET", "1 of 1", "32", "frontline token secret"]),
        ({"FRONTLINE_ID_SECRET": f"{'x' * 32},{'y' * 31}"}, ["FRONTLINE_ID_SECRET", "2 of 2", "32"]),
        ({"FRONTLINE_ID_SECRET": f"{'x' * 32},"}, ["FRONTLINE_ID_SECRET", "2 of 2"]),
        ({"FRONTLINE_ID_SECRET": " "}, ["FRONTLINE_ID_SECRET", "required"]),
        ({"FRONTLINE_API_KEYS": "[{]"}, ["FRONTLINE_API_KEYS", "JSON"]),
        ({"FRONTLINE_API_KEYS": '[{"name": "a"}]'}, ["FRONTLINE_API_KEYS[0][sha256]", "required"]),
        ({"FRONTLINE_TOKEN_HOSTS": "[{]"}, ["FRONTLINE_TOKEN_HOSTS", "JSON"]),
        ({"FRONTLINE_TOKEN_HOSTS": '[{"name": "a"}]'}, ["FRONTLINE_TOKEN_HOSTS[0][keys]", "required"]),
        ({"FRONTLINE_TOKEN_HOSTS": _host(keys=[{}])}, ["FRONTLINE_TOKEN_HOSTS[0].keys[0]", "JSON Web Key"]),
        ({"FRONTLINE_TOKEN_HOSTS": _host(name="all")}, ["FRONTLINE_TOKEN_HOSTS[0][name]", "API key"]),
        ({"FRONTLINE_TOKEN_HOSTS": _host(name="visitor/1")}, ["FRONTLINE_TOKEN_HOSTS[0][name]", "visitor/"]),
        ({"FRONTLINE_TOKEN_HOSTS": _host(rate="often")}, ["FRONTLINE_TOKEN_HOSTS[0][rate]", "20 per minute"]),
        ({"FRONTLINE_TOKEN_HOSTS": _host(scopes=["admin"])}, ["FRONTLINE_TOKEN_HOSTS[0][scopes][0]", "submit, agent"]),
        ({"FRONTLINE_TOKEN_HOSTS": _host(origins=["*"])}, ["[origins][0]", "https://portal.example"]),
        ({"FRONTLINE_TOKEN_HOSTS_FILE": "/nowhere/hosts"}, ["FRONTLINE_TOKEN_HOSTS_FILE=/nowhere/hosts", "No such"]),
        (
            {"FRONTLINE_TOKEN_HOSTS": token_hosts(), "FRONTLINE_TOKEN_HOSTS_FILE": "/nowhere"},
            ["FRONTLINE_TOKEN_HOSTS", "FRONTLINE_TOKEN_HOSTS_FILE", "not both"],
        ),
        ({"FRONTLINE_CORS_ORIGINS": "https://a.example, *"}, ["FRONTLINE_CORS_ORIGINS", "'*'"]),
        ({"FRONTLINE_CORS_ORIGINS": "https://a.example/form"}, ["FRONTLINE_CORS_ORIGINS", "without a path"]),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None], words: list[str]
) -> None:
    """The operator sees which variable to correct, and how."""
    with pytest.raises(BadSettings) as refused:
        _read(monkeypatch, **changes)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize("secret", ["s3cr3t-and-short", "s3cr3t-and-long-enough-for-anybody", "s3cr3t" * 9 + ",s3cr3t"])
def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """Neither in an error nor in a log of the settings, whatever else is wrong."""
    for wrong in ({}, {"FRONTLINE_HTTP_PORT": "eighty"}, {"FRONTLINE_API_KEYS": None}):
        try:
            shown = repr(_read(monkeypatch, FRONTLINE_ID_SECRET=secret, **wrong))
        except BadSettings as error:
            shown = str(error)
        assert "s3cr3t" not in shown


def test_more_connections_than_the_process_may_open_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that cannot open another file answers nobody, health included."""
    monkeypatch.setattr("shared.http.limits.open_files", lambda: 1_024)
    with pytest.raises(BadSettings, match="FRONTLINE_HTTP_CONNECTIONS=945: `ulimit -n` leaves 944"):
        _read(monkeypatch, FRONTLINE_HTTP_CONNECTIONS="945")
    settings = _read(monkeypatch, FRONTLINE_HTTP_CONNECTIONS="944", FRONTLINE_HTTP_CONNECTIONS_PER_CLIENT="944")
    assert (settings.http_limits.connections, settings.http_limits.per_client) == (944, 944)


def test_every_wrong_variable_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator can correct all of them at once."""
    with pytest.raises(BadSettings) as refused:
        _read(monkeypatch, FRONTLINE_HTTP_PORT="x", FRONTLINE_RECENT_HOURS="x", FRONTLINE_LOG_FORMAT="x")
    assert len(str(refused.value).splitlines()) == 3


def test_an_error_never_repeats_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody will paste the key where its hash belongs."""
    entry = {"name": "a", "sha256": "fl_theKeyItself", "scopes": ["submit"], "key": "fl_theKeyItself"}
    for changes in ({"FRONTLINE_API_KEYS": json.dumps([entry])}, {"FRONTLINE_API_KEYS": "fl_theKeyItself"}):
        with pytest.raises(BadSettings) as refused:
            _read(monkeypatch, **changes)
        assert "fl_theKeyItself" not in str(refused.value)


def test_the_example_names_every_setting_of_intake_with_its_default() -> None:
    """`.env.example` is where operators look; a line that is commented out shows the default."""
    text = (Path(__file__).parents[3] / ".env.example").read_text(encoding="utf-8")
    section = "".join(each for each in text.split("\n# --- ") if each.startswith("intake"))
    shown = dict(re.findall(r"^(?:# )?FRONTLINE_(\w+)=(.*)$", section, re.MULTILINE))
    fields = {
        name: field
        for name, field in Settings.model_fields.items()
        if name not in KafkaSettings.model_fields and name not in SHARED
    }
    assert {name.lower() for name in shown} == set(fields)
    for name, field in fields.items():
        if field.default is not None:
            assert shown[name.upper()] == str(field.default)
