"""The files that pages load: a style sheet and a few scripts. An address has the digest of its file, and never changes.

htmx and its extension for Server-Sent Events are here as their authors publish them, with the licence beside them.
"""

import hashlib
import mimetypes
from pathlib import Path
from typing import NamedTuple

STATIC = Path(__file__).parent / "static"
ADDRESS = "/assets/"
FOR_EVER = "public, max-age=31536000, immutable"
_SUFFIXES = {".css", ".js", ".svg"}


class Asset(NamedTuple):
    """A file as it is served."""

    content: bytes
    media_type: str


class Assets:
    """The files of one or more folders, by their addresses. A later folder's file outranks one of the same name."""

    def __init__(self, *folders: Path) -> None:
        self._addresses: dict[str, str] = {}
        self._served: dict[str, Asset] = {}
        for folder in folders:
            for file in sorted(folder.iterdir()):
                if file.suffix in _SUFFIXES:
                    self._add(file)

    def _add(self, file: Path) -> None:
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:12]
        address = f"{file.stem}.{digest}{file.suffix}"
        media_type = mimetypes.types_map[file.suffix]
        self._addresses[file.name] = ADDRESS + address
        self._served[address] = Asset(content, media_type)

    def address(self, name: str) -> str:
        """Where a page finds a file. Raises KeyError for a file that is not there."""
        return self._addresses[name]

    def find(self, address: str) -> Asset | None:
        """The file with that address, without the folder; None if there is none."""
        return self._served.get(address)
