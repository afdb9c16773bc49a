"""`python -m tests.harness.fork_server FD`: a process that has imported what commands need, and forks for each of them.

Imports are most of the time that a short command takes, and loading what ships most of the rest. A fork has its own
descriptors, arguments, environment and folder, imports the modules of the command line itself, runs the command and
ends as any process. The hashes of texts are the same in all forks, unlike those of processes that begin anew.
"""

import gc
import json
import os
import runpy
import socket
import struct
import sys
import time
from importlib import import_module
from typing import Any

from services.cli.__main__ import COMMANDS
from services.cli.policy.commands import NEED_KAFKA
from shared.messages.catalogues import load_all
from shared.policy import files
from shared.policy.assembly import Shelf
from shared.policy.document import Source
from shared.policy.loader import load
from shared.policy.model import Edition

NUMBER = struct.Struct("!i")
OWN = "services.cli"


def received(connection: socket.socket, size: int) -> bytes:
    """So many bytes; fewer if the other side ends."""
    found = b""
    while len(found) < size and (part := connection.recv(size - len(found))):
        found += part
    return found


def import_commands() -> None:
    """Import what commands import. Their own modules are forgotten again: they may look at their environment."""
    for where, _ in (*COMMANDS.values(), *NEED_KAFKA.values()):
        import_module(where.partition(":")[0])
    for name in [name for name in sys.modules if name == OWN or name.startswith(f"{OWN}.")]:
        del sys.modules[name]


def remember_shipped_editions() -> None:
    """Load each edition that ships. A command that loads one, from the same text, has it without a quarter of a second
    of work; an edition of one's own is loaded by the command.
    """
    known: dict[tuple[Source, str | None], Edition] = {}
    for edition in files.edition_names():
        source, shelf, name = files._found(edition, None)
        known[source, name] = load(source, shelf, name)

    def remembered(source: Source, shelf: Shelf, name: str | None = None) -> Edition:
        return known.get((source, name)) or load(source, shelf, name)

    files.load = remembered  # type: ignore[attr-defined]  # as it is imported there


def next_command(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """A request and its standard descriptors; None at the end."""
    head, descriptors, _, _ = socket.recv_fds(connection, NUMBER.size, 3)
    if not head:
        return None
    (size,) = NUMBER.unpack(head)
    return json.loads(received(connection, size)), descriptors


def serve(connection: socket.socket) -> dict[str, Any] | None:
    """Fork for each request and report its process id and exit code. Returns the request in the fork, None at the end.

    A negative code is the number of the signal that killed the process.
    """
    while (command := next_command(connection)) is not None:
        request, descriptors = command
        process = os.fork()
        if not process:
            connection.close()
            for number, descriptor in enumerate(descriptors):
                os.dup2(descriptor, number)
                os.close(descriptor)
            return request
        for descriptor in descriptors:
            os.close(descriptor)
        connection.sendall(NUMBER.pack(process))
        _, status = os.waitpid(process, 0)
        connection.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    return None


def run(request: dict[str, Any]) -> None:
    """Run the command in this process."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.argv[1:] = request["arguments"]
    if request["code"] is None:
        runpy.run_module(OWN, run_name="__main__", alter_sys=True)
    else:
        exec(request["code"], {"__name__": "__main__"})  # noqa: S102 - as `python -c` does


if __name__ == "__main__":
    load_all()
    remember_shipped_editions()
    import_commands()
    gc.freeze()
    with socket.socket(fileno=int(sys.argv[1])) as server:
        wanted = serve(server)
    if wanted is not None:
        run(wanted)
