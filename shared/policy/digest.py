"""[pure] Serialises an edition, and computes the digest that identifies it in every decision.

The bytes are JSON in the order of the document, since order has a meaning there (the first channel that is open, the
vendor's order of numbers). Fields with their default value are omitted, so an edition keeps its digest when the model
gets new fields. The versions of tzdata and holidays are part of the edition, so reading it back under other versions
gives the same edition.
"""

import hashlib
import json

from shared.policy.model import Edition
from shared.policy.per_edition import PerEdition


def policy_sha256(edition: Edition) -> str:
    """The SHA-256 of the resolved edition in hexadecimal digits. Computed once for each object."""
    return _digests.of(edition)


def edition_to_json(edition: Edition) -> bytes:
    """The bytes of which `policy_sha256` is the digest; `edition_from_json` reads them."""
    data = edition.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def edition_from_json(data: bytes) -> Edition:
    """The edition that `edition_to_json` wrote, resolved as it was then. Raises pydantic.ValidationError."""
    return Edition.model_validate_json(data)


_digests = PerEdition(lambda edition: hashlib.sha256(edition_to_json(edition)).hexdigest())
