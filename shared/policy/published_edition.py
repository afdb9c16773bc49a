"""[pure] An edition as a document that its digest names: published as an event, saved in a store, and read back."""

import hashlib

from pydantic import ValidationError

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import CalendarError
from shared.contracts import wire
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import EDITIONS
from shared.policy.digest import edition_from_json, edition_to_json, policy_sha256
from shared.policy.mistakes import PolicyFault
from shared.policy.model import Edition

_KEY_AND_HEADERS = 1024  # bytes: an upper limit for an event


class UnusableEdition(PolicyFault):
    """The document of an edition has another digest, or this version cannot read it. The message says which."""


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
    """Raises UnusableEdition unless the document and the record's key are those of the event's digest."""
    _check(event.document.encode(), event.policy_sha256)
    if key != event.policy_sha256.encode():
        raise UnusableEdition(f"the key must be the policy_sha256 of the event, {event.policy_sha256}")


def edition_of(event: EditionPublished) -> Edition:
    """The edition in an event. Raises UnusableEdition."""
    return read_document(event.document.encode(), event.policy_sha256)


def read_document(document: bytes, sha256: str) -> Edition:
    """The edition that `edition_to_json` wrote, with that digest.

    Raises UnusableEdition if the digest of the document is another one, or this version cannot read it, or a calendar
    has a zone that is not known here.
    """
    _check(document, sha256)
    try:
        edition = edition_from_json(document)
        for config in edition.calendars.values():
            BusinessCalendar.from_config(config)
        return edition
    except CalendarError as error:
        raise UnusableEdition(f"edition {sha256} cannot be used here: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise UnusableEdition(
            f"this version of Frontline cannot read edition {sha256} ({where}: {first['msg']}): "
            "use the version that wrote it"
        ) from None


def _check(document: bytes, sha256: str) -> None:
    found = hashlib.sha256(document).hexdigest()
    if found != sha256:
        raise UnusableEdition(f"policy_sha256 is {sha256}, but the SHA-256 of the document is {found}")
