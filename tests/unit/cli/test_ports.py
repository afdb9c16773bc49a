"""The ports of `frontline up`: known in advance, movable, and a taken one says who has it and what to do."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from services.cli.__main__ import app
from services.cli.notes import Note
from services.cli.ports import HTTP_PORTS, PortUnavailable, held_ports, wanted_ports

SERVICES = tuple(HTTP_PORTS)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def running(**ports: int) -> Note:
    """The note of another system."""
    started = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return Note(pid=4711, started=started, ready=False, kafka="", ports=ports, urls={}, data=None, namespace="")


def test_each_start_has_the_same_ports() -> None:
    """Another program finds the system without being told again. No service has the port of another."""
    ports = wanted_ports(8080, None, own_kafka=True)
    assert ports["intake"] == 8080
    assert ports["kafka"] == 29092
    assert len(set(ports.values())) == len(ports) == len(SERVICES) + 1


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_start_without_options_is_at_the_addresses_of_the_documents(command: str) -> None:
    """README, curl examples and bookmarks have them: intake at 8080, the board behind it, Kafka at its own."""
    called, given, _ = app.parse_args([command], exit_on_error=False, print_error=False)
    given.apply_defaults()
    chosen = given.arguments
    assert called.__name__ == command
    ports = wanted_ports(chosen["port"], chosen["kafka_port"], own_kafka=True)
    assert (ports["intake"], ports["board"], ports["kafka"]) == (8080, 8081, 29092)


def test_a_port_of_ones_own_moves_all_services_and_kafka_has_an_option_too() -> None:
    """Two systems side by side need two options, not one for each service."""
    ports = wanted_ports(9000, 29093, own_kafka=True)
    usual = wanted_ports(8080, None, own_kafka=True)
    assert {name: ports[name] - usual[name] for name in SERVICES} == dict.fromkeys(SERVICES, 920)
    assert ports["kafka"] == 29093


def test_port_0_is_a_free_port_for_everything() -> None:
    """One option for whoever does not care, such as tests; a port of Kafka that was asked for stays."""
    assert set(wanted_ports(0, None, own_kafka=True).values()) == {0}
    assert wanted_ports(0, 29093, own_kafka=True)["kafka"] == 29093
    assert "kafka" not in wanted_ports(8080, None, own_kafka=False)


@pytest.mark.parametrize(("port", "kafka_port", "option"), [(65_535, None, "--port"), (8080, 70_000, "--kafka-port")])
def test_a_port_that_there_is_not_names_its_option(port: int, kafka_port: int | None, option: str) -> None:
    """Intake's may be possible, and that of another service not."""
    with pytest.raises(PortUnavailable, match=f"^{option}: .* ports are 0 \\(a free one\\) to 65535$"):
        wanted_ports(port, kafka_port, own_kafka=True)


def test_free_ports_are_numbers_of_their_own_while_they_are_held() -> None:
    """They are known before the services start, which are told so."""
    with held_ports(dict.fromkeys((*SERVICES, "kafka"), 0), ()) as ports:
        assert ports.pop("kafka") == 0
        assert len(set(ports.values())) == len(SERVICES)
        assert 0 not in ports.values()


@pytest.mark.parametrize(("name", "option"), [("intake", "--port"), ("kafka", "--kafka-port")])
def test_a_taken_port_is_one_sentence_with_the_way_out(name: str, option: str, taken: int) -> None:
    """The option is that of what has the port."""
    with pytest.raises(PortUnavailable) as caught, held_ports({name: taken}, ()):
        pass
    assert str(caught.value) == (
        f"port {taken} ({name}) is used by another program: end it, or choose another with {option} "
        "(--port 0: free ones for all)"
    )


def test_a_port_of_another_system_names_its_process_even_before_it_is_open() -> None:
    """Kafka takes seconds to start; whoever starts a second system learns at once whose port it is."""
    sentence = r"^port 29092 \(kafka\) is used by the `frontline` of process 4711, which runs since"
    with pytest.raises(PortUnavailable, match=sentence), held_ports({"kafka": 29092}, [running(kafka=29092)]):
        pass
