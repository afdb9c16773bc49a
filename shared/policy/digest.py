"""[pure] An edition as bytes, and the digest that names it in every decision.

The bytes are JSON in the document's own order, since order means something in it (the first channel that is open, the
vendor's order of numbers), without fields that say nothing beyond their default: an edition written down today keeps
its digest when the model learns new fields. The versions of tzdata and holidays that it was resolved with are part of
it, so an edition read back is the same edition under any other version.
"""

import hashlib
import json

from shared.policy.model import Edition
from shared.policy.per_edition import PerEdition


def policy_sha256(edition: Edition) -> str:
    """The SHA-256 of the resolved edition, in hexadecimal digits; computed once for each object."""
    return _digests.of(edition)


def edition_to_json(edition: Edition) -> bytes:
    """The bytes that the digest is of; `edition_from_json` reads them back."""
    data = edition.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def edition_from_json(data: bytes) -> Edition:
    """The edition that `edition_to_json` wrote, resolved as it was then. Raises pydantic.ValidationError."""
    return Edition.model_validate_json(data)


_digests = PerEdition(lambda edition: hashlib.sha256(edition_to_json(edition)).hexdigest())
