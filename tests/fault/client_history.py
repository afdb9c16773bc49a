"""What a client of the system knows: each call, when it began, when it was acknowledged, and with which id.

The history is a file of JSON lines, written as calls end, so that it survives the process that made the calls.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

Kind = Literal["request", "activity", "entitlement"]


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call with all its attempts, in true time. `ended` is the acknowledgement, None if there never was one.

    `ids` has the id of each acknowledgement: a client may repeat a call that was acknowledged. `type` is that of an
    activity, `plan` that of an entitlement, `to` the status of `status_changed`. `refused` is the status of an answer
    that is neither an acknowledgement nor a request to come back later.
    """

    kind: Kind
    key: str
    account_id: str
    began: datetime
    ended: datetime | None = None
    ids: tuple[str, ...] = ()
    case_id: str | None = None
    type: str | None = None
    to: str | None = None
    plan: str | None = None
    refused: int | None = None

    @property
    def id(self) -> str | None:
        """The id that the system gave, if the call was acknowledged."""
        return self.ids[0] if self.ids else None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Call).decode


class HistoryFile:
    """Appends calls to a file, and keeps them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Write a call that has ended, acknowledged or not."""
        self.calls.append(call)
        with self.path.open("ab") as file:
            file.write(_encode(call) + b"\n")


def read_calls(lines: Iterable[bytes]) -> list[Call]:
    """The calls of a history file."""
    return [_decode(line) for line in lines if line.strip()]
