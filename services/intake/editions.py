"""The editions that intake can show: those of the topic support.editions and those that are configured here."""

import re
import zlib
from datetime import datetime

from pydantic import ValidationError

from shared.business_time.errors import CalendarError
from shared.contracts.structs import CaseRouted, Decision, EditionPublished
from shared.contracts.topics import EDITIONS
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.policy.digest import edition_from_json, edition_to_json, policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.published_edition import UnusableEdition, check_digest
from shared.routing.rulebook import Rulebook
from shared.routing.whole_decision import whole_decision

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


class Editions:
    """Documents by their digest. Compressed, some 20 kB each, since none is ever forgotten."""

    def __init__(self, configured: EditionLibrary) -> None:
        self._configured = configured
        self._documents = {
            policy_sha256(edition): zlib.compress(edition_to_json(edition)) for edition in configured.editions
        }
        self._rulebooks: dict[str, Rulebook | None] = {}

    def __len__(self) -> int:
        return len(self._documents)

    def take(self, record: Record) -> None:
        """Read one record of the topic. Raises PoisonRecord for one that is not an edition with its own digest."""
        if serde.is_tombstone(record):
            return
        envelope, event = serde.decode(record)
        if not isinstance(event, EditionPublished):
            raise PoisonRecord("unexpected_type", f"{envelope.type} has no place on {EDITIONS.name}")
        try:
            check_digest(event, record.key)
        except UnusableEdition as error:
            raise PoisonRecord("malformed_event", str(error)) from None
        self._documents.setdefault(event.policy_sha256, zlib.compress(event.document.encode()))

    def whole_decision(self, case: CaseRouted) -> Decision | None:
        """The whole decision that `case` is the event of; None while its edition is not known, or cannot be read."""
        rules = self._rules(case.policy_sha256)
        if rules is None:
            return None
        try:
            return whole_decision(case, rules)
        except CalendarError:
            return None

    def _rules(self, digest: str) -> Rulebook | None:
        if digest in self._rulebooks or (document := self.find(digest)) is None:
            return self._rulebooks.get(digest)
        try:
            self._rulebooks[digest] = Rulebook(edition_from_json(document))
        except ValidationError:  # of a later version of Frontline
            self._rulebooks[digest] = None
        return self._rulebooks[digest]

    def find(self, digest: str) -> bytes | None:
        """The bytes that the digest is of, or None."""
        found = self._documents.get(digest)
        return None if found is None else zlib.decompress(found)

    def current(self, at: datetime) -> str:
        """The digest of the configured edition in force at that instant."""
        return policy_sha256(self._configured.effective_at(at))


def is_digest(text: str) -> bool:
    """Whether this is the SHA-256 of something, as editions write it."""
    return _DIGEST.fullmatch(text) is not None


def answer_of(digest: str, document: bytes) -> bytes:
    """The JSON that names the digest and has the document byte for byte, so that a reader can hash it."""
    return b'{"policy_sha256":"%b","document":%b}' % (digest.encode(), document)


def is_known(if_none_match: str | None, digest: str) -> bool:
    """Whether the caller has it: `If-None-Match` by RFC 9110, section 13.1.2."""
    text = (if_none_match or "").strip()
    return text == "*" or digest in _TAG.findall(text)
