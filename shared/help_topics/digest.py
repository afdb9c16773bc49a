"""[pure] The digest of a set of help topics, with which a transcript names exactly what the bot knew.

The bytes are JSON without fields of their default value, so a set keeps its digest when the model gets new fields.
Comments and the breaking of lines in YAML do not count; what people read, and how it is found, does.
"""

import hashlib
import json

from shared.help_topics.model import TopicSet


def topics_sha256(topics: TopicSet) -> str:
    """The SHA-256 of the set in hexadecimal digits."""
    data = topics.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
