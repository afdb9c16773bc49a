"""Files that only their owner may read."""

from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read: as a whole or not at all, whenever the process ends."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    part.write_text(text, encoding="utf-8")
    part.replace(file)
