"""HTTP calls over connections that are kept, cheap enough that a load of hundreds a second measures the server."""

import asyncio
from collections.abc import Mapping
from typing import Self

from tests.harness.raw_http import Answer, RawConnection


class HttpPool:
    """At most `most` connections to the server at `url`, opened as calls need them. `async with` closes them."""

    def __init__(self, url: str, most: int) -> None:
        self._address = url.removeprefix("http://")
        self._places = asyncio.Semaphore(most)
        self._idle: list[RawConnection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(connection.close() for connection in self._idle))

    async def call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", *, within: float = 10.0
    ) -> Answer:
        """The answer. Raises OSError: the server is away, hung up, or sent nothing for `within` seconds.

        The wait for a free connection is not part of these seconds.
        """
        fields = {"Host": self._address, **headers, "Content-Length": str(len(body))}
        head = "\r\n".join(
            [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        )
        async with self._places:
            connection = await self._connection()
            is_kept = False
            try:
                connection.writer.write(head.encode("latin-1") + body)
                answer = await connection.answer(within)
                is_kept = answer.headers.get("connection", "").lower() != "close"
            except EOFError as error:
                raise ConnectionResetError("the server hung up") from error
            finally:
                if is_kept:
                    self._idle.append(connection)
                else:
                    connection.writer.close()
        return answer

    async def _connection(self) -> RawConnection:
        """A connection that the server has not closed. Raises OSError."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.reader.at_eof() and not connection.writer.is_closing():
                return connection
            connection.writer.close()
        host, _, port = self._address.rpartition(":")
        return RawConnection(*await asyncio.open_connection(host, int(port)))
