"""The editions that intake serves: those of the topic support.editions and the configured ones."""

import re
import zlib
from datetime import datetime

from services.intake.form import form_of
from shared.business_time.errors import CalendarError
from shared.contracts.structs import CaseRouted, Decision, EditionPublished
from shared.contracts.topics import EDITIONS
from shared.explain.case_log import CaseLog
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.observability.logs import get_logger
from shared.policy.digest import edition_to_json, policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.policy.published_edition import UnusableEdition, check_digest, read_document
from shared.routing.decision_event import whole_decision
from shared.routing.rulebook import Rulebook
from shared.sla.pinned_edition import PinnedEdition, short_of

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


class Editions:
    """Documents by their digest. They are compressed, to about 20 kB each, since none is ever dropped."""

    def __init__(self, configured: EditionLibrary) -> None:
        self._configured = configured
        self._documents = {
            policy_sha256(edition): zlib.compress(edition_to_json(edition)) for edition in configured.editions
        }
        self._rulebooks: dict[str, Rulebook | None] = {}  # None: its bytes cannot be read, and never change
        self._forms: dict[str, bytes] = {}
        self._pinned: dict[str, PinnedEdition] = {}
        self._unusable: set[str] = set()
        self._log = get_logger()

    def take(self, record: Record) -> None:
        """Apply one record of the topic. Raises PoisonRecord for a record that is no edition, or has another digest."""
        if serde.is_tombstone(record):
            return
        envelope, event = serde.decode(record)
        if not isinstance(event, EditionPublished):
            raise PoisonRecord("unexpected_type", f"{envelope.type} is no type of {EDITIONS.name}")
        try:
            check_digest(event, record.key)
        except UnusableEdition as error:
            raise PoisonRecord("malformed_event", str(error)) from None
        self._documents.setdefault(event.policy_sha256, zlib.compress(event.document.encode()))

    def whole_decision(self, case: CaseRouted) -> Decision | None:
        """The whole decision that `case` is the event of; None while its edition is not known, or cannot be used."""
        try:
            rules = self.rules(case.policy_sha256)
            return None if rules is None else whole_decision(case, rules)
        except CalendarError:  # of an event at the ends of the calendar, whatever the edition
            return None
        except Exception as error:  # whatever an edition of another version, or another writer, makes of this code
            if case.policy_sha256 not in self._unusable:
                self._unusable.add(case.policy_sha256)
                self._log.warning(
                    "Decisions are shown without what follows from their edition: it cannot be used here",
                    action="edition.unusable",
                    policy_sha256=case.policy_sha256,
                    error=f"{type(error).__name__}: {error}",
                )
            return None

    def edition(self, digest: str) -> Edition | None:
        """The edition with that digest, if it is configured or a decision by it was completed here."""
        configured = self._configured.by_digest(digest)
        if configured is not None:
            return configured
        rules = self._rulebooks.get(digest)
        return None if rules is None else rules.edition

    def pinned(self, digest: str) -> PinnedEdition | None:
        """The edition with that digest, with what its cases need of it; None while it is not known, or cannot be used.

        It is made at the first question, and kept.
        """
        if digest not in self._pinned:
            try:
                rules = self.rules(digest)
            except Exception:  # as above: an edition of another version, or by another writer
                rules = None
            if rules is not None:
                self._pinned[digest] = PinnedEdition(digest, rules.edition)
        return self._pinned.get(digest)

    def of_log(self, log: CaseLog) -> dict[bytes, PinnedEdition]:
        """The editions that a case names, of those that are known and can be used here, by how cases refer to them."""
        pinned = [self.pinned(sha256) for sha256 in log.named_editions]
        return {short_of(each.sha256): each for each in pinned if each is not None}

    def rules(self, digest: str) -> Rulebook | None:
        """The rules of the edition with that digest; None while its document is not known, or if it cannot be used."""
        if digest in self._rulebooks:
            return self._rulebooks[digest]
        edition, document = self._configured.by_digest(digest), self.find(digest)
        if document is None:
            return None
        self._rulebooks[digest] = None
        self._rulebooks[digest] = made = Rulebook(edition or read_document(document, digest), digest)
        return made

    def find(self, digest: str) -> bytes | None:
        """The bytes of the document with this digest, or None."""
        found = self._documents.get(digest)
        return None if found is None else zlib.decompress(found)

    def form(self, digest: str) -> bytes:
        """What the edition with this digest gives a form to ask, as JSON; null if it cannot be used here."""
        known = self._forms.get(digest)
        if known is None:
            try:
                known = self._made_form(digest)
            except Exception:  # as above: of another version, or by another writer
                known = b"null"
            self._forms[digest] = known
        return known

    def _made_form(self, digest: str) -> bytes:
        edition = self._configured.by_digest(digest) or read_document(self.find(digest) or b"", digest)
        return form_of(edition).model_dump_json().encode()

    def current(self, at: datetime) -> str:
        """The digest of the configured edition that is in force at `at`."""
        return policy_sha256(self._configured.effective_at(at))


def is_digest(text: str) -> bool:
    """Whether `text` has the form of a policy_sha256."""
    return _DIGEST.fullmatch(text) is not None


def answer_of(digest: str, form: bytes, document: bytes) -> bytes:
    """The JSON answer: digest, form, and last the document byte for byte, so that a reader can hash it."""
    return b'{"policy_sha256":"%b","form":%b,"document":%b}' % (digest.encode(), form, document)


def is_known(if_none_match: str | None, digest: str) -> bool:
    """Whether the caller has this document already: `If-None-Match` by RFC 9110, section 13.1.2."""
    text = (if_none_match or "").strip()
    return text == "*" or digest in _TAG.findall(text)
