"""The secret of ids that a system on this machine makes for itself: kept with its data, whose ids were made by it."""

import secrets
from pathlib import Path

from services.cli.private_file import write_private


def id_secret(data: Path | None) -> str:
    """The secret of intake's ids that is kept in the data folder, made at the first start; without a folder, a new one.

    Only the owner may read the file.
    """
    secret = secrets.token_urlsafe(32)
    if data is None:
        return secret
    file = data / "id-secret"
    if kept := file.read_text(encoding="ascii").strip() if file.exists() else "":
        return kept
    write_private(file, secret)
    return secret
