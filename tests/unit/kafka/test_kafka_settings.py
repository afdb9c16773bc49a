"""Settings are read once and refused with one line for each wrong variable, secrets masked."""

from pathlib import Path

import pytest

from shared.kafka.settings import BadSettings, KafkaSettings, load
from shared.test_clock import AdvanceableClock
from shared.watched_clock import WatchedClock


def test_the_defaults_are_complete() -> None:
    """A newcomer sets nothing."""
    settings = load(KafkaSettings)
    assert settings.client()["bootstrap_servers"] == "127.0.0.1:9092"
    assert "sasl_plain_password" not in settings.client()


def test_each_wrong_variable_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """All wrong variables are reported at once, by their names."""
    monkeypatch.setenv("FRONTLINE_PARTITIONS", "none")
    monkeypatch.setenv("FRONTLINE_SESSION_TIMEOUT_MS", "100")
    with pytest.raises(BadSettings) as refused:
        load(KafkaSettings)
    lines = str(refused.value).splitlines()
    assert [line.split("=")[0] for line in lines] == ["FRONTLINE_PARTITIONS", "FRONTLINE_SESSION_TIMEOUT_MS"]
    assert "valid integer" in lines[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kafka_security_protocol": "SASL_SSL"}, "needs FRONTLINE_KAFKA_SASL_USERNAME"),
        ({"heartbeat_interval_ms": 5_000}, "more than a third of FRONTLINE_SESSION_TIMEOUT_MS"),
        ({"instance": "two words"}, "FRONTLINE_INSTANCE='two words'"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given: dict[str, object], message: str) -> None:
    """Better at the start than at the first rebalance."""
    with pytest.raises(BadSettings, match=message):
        load(KafkaSettings, **given)


def test_a_secret_is_never_quoted() -> None:
    """Neither in an error nor when the settings are printed."""
    settings = load(
        KafkaSettings, kafka_security_protocol="SASL_SSL", kafka_sasl_username="u", kafka_sasl_password="hunter2"
    )
    assert "hunter2" not in repr(settings)
    assert settings.client()["sasl_plain_password"] == "hunter2"
    with pytest.raises(BadSettings) as refused:
        load(KafkaSettings, kafka_sasl_password=["hunter2"])
    assert "hunter2" not in str(refused.value)


def test_a_test_clock_is_off_unless_its_folder_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty variable is no folder, least of all the current one; a wrong one is a mistake and not a clock."""
    assert type(load(KafkaSettings).watched_clock()) is WatchedClock
    monkeypatch.setenv("FRONTLINE_TEST_CLOCK", "")
    assert type(load(KafkaSettings).watched_clock()) is WatchedClock
    monkeypatch.setenv("FRONTLINE_TEST_CLOCK", str(tmp_path))
    assert type(load(KafkaSettings).watched_clock()) is AdvanceableClock
    monkeypatch.setenv("FRONTLINE_TEST_CLOCK", str(tmp_path / "nowhere"))
    with pytest.raises(BadSettings, match=r"^FRONTLINE_TEST_CLOCK=.*nowhere'"):
        load(KafkaSettings)


@pytest.mark.parametrize("address", ["localhost", "localhost:kafka", ":9092", "a:9092,b", "a:0", "a:65536", ""])
def test_an_address_that_is_not_host_and_port_is_refused(address: str) -> None:
    """The client would end with a stack trace, or use a port that nobody named."""
    with pytest.raises(BadSettings, match=r"^FRONTLINE_KAFKA_BOOTSTRAP=.*: '.*' is not HOST:PORT"):
        load(KafkaSettings, kafka_bootstrap=address)


@pytest.mark.parametrize("address", ["localhost:9092", "a:1, b:65535", "[::1]:9092"])
def test_addresses_of_host_and_port_are_accepted(address: str) -> None:
    """Several are separated by commas; an IPv6 address is in brackets."""
    assert load(KafkaSettings, kafka_bootstrap=address).kafka_bootstrap == address
