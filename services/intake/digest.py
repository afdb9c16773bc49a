"""[pure] The digest of the content of a call: a repeated key with another digest is another call."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def content_digest(content: Mapping[str, Any]) -> str:
    """The SHA-256 of a JSON document in hexadecimal digits, the same for every layout and order of its fields."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
