"""[pure] Converts an edition to its event, `frontline.edition.published.v1`, and back, and checks the digest."""

import hashlib

from pydantic import ValidationError

from shared.contracts import wire
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import EDITIONS
from shared.policy.digest import edition_from_json, edition_to_json, policy_sha256
from shared.policy.mistakes import PolicyFault
from shared.policy.model import Edition

_KEY_AND_HEADERS = 1024  # bytes: an upper limit for an event


class UnusableEdition(PolicyFault):
    """A published edition does not match its digest, or this version cannot read it; the message says which."""


def edition_published(edition: Edition) -> EditionPublished:
    """The event of `edition`: the same bytes whoever publishes it, and whenever."""
    return EditionPublished(
        edition=edition.edition,
        effective_from=edition.effective_from,
        policy_sha256=policy_sha256(edition),
        tzdata_version=edition.tzdata_version,
        holidays_version=edition.holidays_version,
        document=edition_to_json(edition).decode(),
    )


def too_large(edition: Edition) -> str | None:
    """The reason why the event of `edition` does not fit its topic; None if it fits."""
    size, limit = len(wire.encode(edition_published(edition))), EDITIONS.max_message_bytes - _KEY_AND_HEADERS
    if size <= limit:
        return None
    return (
        f"is too large: resolved it has {size:,} bytes as an event, and {EDITIONS.name} allows {limit:,}; "
        "remove calendars, holidays or texts that no rule needs"
    )


def check_digest(event: EditionPublished, key: bytes | None) -> None:
    """Raise UnusableEdition unless the document and the key of the record match the digest of the event."""
    found = hashlib.sha256(event.document.encode()).hexdigest()
    if found != event.policy_sha256:
        raise UnusableEdition(f"policy_sha256 is {event.policy_sha256}, but the SHA-256 of the document is {found}")
    if key != event.policy_sha256.encode():
        raise UnusableEdition(f"the key must be the policy_sha256 of the event, {event.policy_sha256}")


def edition_of(event: EditionPublished) -> Edition:
    """The edition of an event whose digest was checked. Raises UnusableEdition if this version cannot read it."""
    try:
        return edition_from_json(event.document.encode())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise UnusableEdition(
            f"this version of Frontline cannot read edition {event.edition} (policy_sha256 {event.policy_sha256}; "
            f"{where}: {first['msg']}): use the version that published it"
        ) from None
