"""Settings are read once and refused with one line for each wrong variable, secrets masked."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.kafka.settings import BadSettings, KafkaSettings, load
from shared.test_clock import AdvanceableClock
from shared.watched_clock import WatchedClock


def own_certificate(folder: Path, password: str) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key, which the password protects."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "frontline")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written, kept = folder / "certificate.pem", folder / "key.pem"
    written.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    protection = serialization.BestAvailableEncryption(password.encode())
    kept.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection))
    return written, kept


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


PEM = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("name", ["CA", "CERT", "KEY"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "has nothing in the form of PEM"),
        (PEM, "has no certificate in PEM form|cannot be used with its key|needs FRONTLINE_KAFKA_SSL_CERT_FILE"),
    ],
)
def test_a_file_of_tls_that_cannot_be_used_is_named_by_its_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    """A client that cannot read it fails at each try to connect, which looks like a broker that does not answer."""
    file = tmp_path / "tls.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv(f"FRONTLINE_KAFKA_SSL_{name}_FILE", str(file))
    with pytest.raises(BadSettings) as refused:
        load(KafkaSettings)
    assert re.fullmatch(f"FRONTLINE_KAFKA_SSL_{name}_FILE={file}:? ({message}).*", str(refused.value))


def test_a_client_certificate_is_taken_with_its_key(tmp_path: Path) -> None:
    """Brokers that know clients by their certificates (`ssl.client.auth=required`) are common on clusters."""
    certificate, key = own_certificate(tmp_path, password="hunter2")
    given = {
        "kafka_security_protocol": "SSL",
        "kafka_ssl_ca_file": certificate,
        "kafka_ssl_cert_file": certificate,
        "kafka_ssl_key_file": key,
    }
    settings = load(KafkaSettings, **given, kafka_ssl_key_password="hunter2")
    assert settings.client()["ssl_context"].cert_store_stats()["x509"] == 1
    for wrong in ({}, {"kafka_ssl_key_password": "hunter3"}):
        with pytest.raises(BadSettings, match=f"^FRONTLINE_KAFKA_SSL_CERT_FILE={certificate}: cannot be used") as error:
            load(KafkaSettings, **given, **wrong)
        assert "hunter" not in str(error.value)


def test_an_empty_variable_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files and charts pass empty variables on; it would be the current folder."""
    for name in ("CA", "CERT", "KEY"):
        monkeypatch.setenv(f"FRONTLINE_KAFKA_SSL_{name}_FILE", "")
    assert load(KafkaSettings).kafka_ssl_ca_file is None
