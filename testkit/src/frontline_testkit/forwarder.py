"""Runs a command in a container and forwards a port of the container to one of its own address 127.0.0.1.

`python -c SOURCE PORT INSIDE COMMAND...`, where SOURCE is this file: the image does not have the kit. The exit code is
that of the command, which gets SIGTERM when this process does.
"""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress

HOSTS = "FRONTLINE_ALLOWED_HOSTS"  # for which the command answers, beside those of its own machine
ANYWHERE = "FRONTLINE_DEVELOPMENT_ANYWHERE"  # says that it may, with a key that everybody knows


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy bytes until one side ends."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(ConnectionError, OSError):
        writer.close()


def with_own_addresses(environment: dict[str, str]) -> dict[str, str]:
    """The environment in which the command also answers for the addresses of its container."""
    with suppress(OSError):
        _, _, addresses = socket.gethostbyname_ex(socket.gethostname())
        return environment | {HOSTS: ",".join(filter(None, [environment.get(HOSTS, ""), *addresses]))}
    return environment


async def main(port: int, inside: int, command: list[str]) -> int:
    """Forward until the command ends; returns its exit code."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            behind = await asyncio.open_connection("127.0.0.1", inside)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, behind[1]), pump(behind[0], writer))

    process = await asyncio.create_subprocess_exec(*command, env=with_own_addresses({**os.environ}))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, process.terminate)
    async with await asyncio.start_server(forward, "0.0.0.0", port):  # noqa: S104 - of the container alone
        return await process.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])))
