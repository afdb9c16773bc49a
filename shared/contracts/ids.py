"""[pure] Deterministic identities: the same cause gives the same id, so a retry cannot make a second thing."""

import hashlib


def deterministic_id(*parts: str) -> str:
    """32 hexadecimal digits that depend on each part and on where one part ends and the next begins."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return digest.hexdigest()[:32]
