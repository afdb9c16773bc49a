"""Where a running Frontline is."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from frontline_testkit.errors import NotStarted


@dataclass(frozen=True, slots=True)
class Addresses:
    """The address of Kafka for clients (`host:port`), the URL of intake, and a key with every scope."""

    kafka: str
    url: str
    admin_key: str


class System(Protocol):
    """A way to run Frontline."""

    def start(self) -> Addresses:
        """Return when the system is ready. Raises NotStarted; nothing is left running then."""
        ...

    def stop(self) -> None:
        """End all that was started."""
        ...


def addresses_in(text: str) -> Addresses:
    """The addresses in the JSON that `frontline up` prints and writes. Raises NotStarted."""
    try:
        ready: dict[str, Any] = json.loads(text)
        return Addresses(ready["bootstrap"], ready["intake_url"], ready["admin_key"])
    except (ValueError, KeyError) as error:
        raise NotStarted(f"these are not the addresses of a running Frontline: {error!r}") from error


class RunningFrontline:
    """A system that somebody has started with `frontline up --ready-file FILE`. It is left running."""

    def __init__(self, ready_file: Path) -> None:
        self._ready_file = ready_file

    def start(self) -> Addresses:
        """Read the addresses. Raises NotStarted if the file is not there."""
        try:
            return addresses_in(self._ready_file.read_text(encoding="utf-8"))
        except OSError as error:
            raise NotStarted(
                f"no running Frontline: {self._ready_file} cannot be read ({error.strerror}); start one with "
                f"frontline up --test-clock --ready-file {self._ready_file}"
            ) from error

    def stop(self) -> None:
        """Nothing: who started it stops it."""
