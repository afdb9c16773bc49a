"""The ports of `frontline up`: the same at each start, those of `--port`, or free ones; who has one that is taken."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from services.cli.notes import Note
from services.cli.options import BAD_INPUT, CommandFailed

HOST = "127.0.0.1"
KAFKA, INTAKE, BOARD = "kafka", "intake", "board"
HTTP_PORTS = {INTAKE: 8080, BOARD: 8081, "router": 8082, "escalation": 8083}  # every service of `frontline up`
KAFKA_PORT = 29092  # the compose stack has the same
LAST = 65_535


class PortUnavailable(CommandFailed):
    """A port is not free, or there is none of that number; the message says who has it and which option to use."""


def wanted_ports(port: int, kafka_port: int | None, *, own_kafka: bool) -> dict[str, int]:
    """The port of each service, and of Kafka if it is to be started: 0 = a free one. Raises PortUnavailable.

    `port` is that of intake. The other services keep their distance to it, so that whoever moves one moves all; with
    0 all are free ones, Kafka's included unless `kafka_port` names it.
    """
    moved = {name: usual + port - HTTP_PORTS[INTAKE] if port else 0 for name, usual in HTTP_PORTS.items()}
    if own_kafka:
        moved[KAFKA] = (KAFKA_PORT if port else 0) if kafka_port is None else kafka_port
    for name, wanted in moved.items():
        if not 0 <= wanted <= LAST:
            sentence = f"{_option(name)}: the port of {name} would be {wanted}; ports are 0 (a free one) to {LAST}"
            raise PortUnavailable(sentence, BAD_INPUT)
    return moved


@contextmanager
def held_ports(wanted: Mapping[str, int], running: Sequence[Note]) -> Iterator[dict[str, int]]:
    """The ports, with a number for each 0, those of services reserved while the block runs. Raises PortUnavailable.

    Kafka's is only tried, since not every kernel lets a broker open what another process has reserved; 0 stays 0, and
    Kafka chooses one. `running` are the notes of the systems that run: one that has not opened its ports yet has them
    all the same.
    """
    with ExitStack() as stack:
        found = {}
        for name, port in wanted.items():
            with socket.socket() as tried:
                found[name] = port if name == KAFKA and port == 0 else _bound(tried, name, port, running)
                if name != KAFKA:
                    stack.enter_context(socket.socket(fileno=tried.detach()))
        yield found


def holder_of(port: int, running: Sequence[Note]) -> Note | None:
    """The running system that has this port."""
    return next((note for note in running if port in note.ports.values()), None)


def _bound(tried: socket.socket, name: str, port: int, running: Sequence[Note]) -> int:
    """The port to which the socket is bound now."""
    holder = holder_of(port, running) if port else None
    if holder is not None:
        who = f"the `frontline` of process {holder.pid}, which runs since {_at(holder)}"
        raise PortUnavailable(_taken(name, port, who))
    tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        tried.bind((HOST, port))
    except OSError as error:
        raise PortUnavailable(_taken(name, port, "another program")) from error
    return int(tried.getsockname()[1])


def _taken(name: str, port: int, who: str) -> str:
    return f"port {port} ({name}) is used by {who}: {way_out(name)}"


def way_out(name: str) -> str:
    """What to do if the port of `name` is taken."""
    return f"end it, or choose another with {_option(name)} (--port 0: free ones for all)"


def _option(name: str) -> str:
    return "--kafka-port" if name == KAFKA else "--port"


def _at(note: Note) -> str:
    return f"{note.started.astimezone():%H:%M:%S %Z}"
