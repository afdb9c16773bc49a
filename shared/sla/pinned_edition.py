"""[pure] The edition that a case pins, with what its cases need of it, and how it is read back from a store.

Cases refer to it by the first bytes of its digest (`short_of`). What a service saves is read for as long as a case of
it is open, whatever files and packages are installed by then.
"""

import hashlib
import zlib
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from shared.policy.case_rules import case_rules
from shared.policy.chain import Chain
from shared.policy.edition_calendars import EditionCalendars
from shared.policy.model import Edition, PlanPolicy
from shared.policy.priority import priority_rule
from shared.policy.promises import CaseKind, Promises, all_terms, promised
from shared.policy.published_edition import UnusableEdition, read_document
from shared.sla.case_facts import CaseFacts, FactLayout
from shared.sla.clock import CasePolicy, Terms
from shared.sla.errors import InputRefused

STORE = "editions"
KEY_PREFIX = b"e"  # + the first bytes of the digest, which is how cases refer to it
_SHORT = 5
_KEPT = 20_000  # facts, and policies


class PinnedEdition:
    """One edition with what its cases need of it, worked out at the first question."""

    def __init__(self, sha256: str, edition: Edition) -> None:
        self.sha256 = sha256
        self.edition = edition
        self.layout = FactLayout(edition)
        self.milestone_names = tuple(edition.milestones)  # cases keep positions in it
        self.rules = case_rules(edition)
        self.chain = Chain(edition.escalation_levels)
        self.calendars = EditionCalendars(edition)
        self._policies: dict[tuple[Promises, str, bool], CasePolicy] = {}
        self._facts: dict[tuple[bytes, str | None, str | None], CaseFacts] = {}

    def facts(self, packed: bytes, language: str | None, country: str | None) -> CaseFacts:
        """The facts of a case as it stores them. Many cases share them, so they are kept."""
        key = (packed, language, country)
        known = self._facts.get(key)
        if known is None:
            if len(self._facts) >= _KEPT:
                self._facts.clear()
            known = self._facts[key] = self.layout.unpack(packed, language, country)
        return known

    def policy(self, kind: CaseKind, calendar: str, *, automated: bool) -> CasePolicy:
        """What a case of this kind is promised, and who is called when it is at risk."""
        promises = promised(self.edition, kind)
        key = (promises, calendar, automated)
        known = self._policies.get(key)
        if known is None:
            if len(self._policies) >= _KEPT:
                self._policies.clear()
            known = self._policies[key] = CasePolicy(
                promises.terms, self.calendars[calendar], self.rules, self.chain, automated, self.calendars
            )
        return known

    def plan(self, name: str) -> PlanPolicy:
        """What a plan brings. Raises InputRefused if the edition does not have it."""
        self._check("plan", name, self.edition.plans)
        return self.edition.plans[name]

    def checked(self, kind: CaseKind) -> CaseKind:
        """`kind` in the words of this edition: fields that it does not have are dropped, new ones have their default.

        Raises InputRefused for a word that it does not know.
        """
        edition, situation = self.edition, kind.situation
        self._check("plan", situation.plan, edition.plans)
        self._check("account_type", situation.account_type, edition.account_types)
        self._check("role", situation.role, edition.roles)
        self._check("channel", situation.channel, edition.channels)
        self._check("tier", kind.tier, edition.tiers)
        fields: dict[str, str] = {}
        for name, field in edition.fields.items():
            value = situation.fields.get(name, field.default)
            self._check(f"fields.{name}", value, field.values)
            fields[name] = str(value)
        return kind._replace(situation=situation._replace(fields=fields))

    def changed(self, kind: CaseKind, fields: Mapping[str, str]) -> CaseKind:
        """`kind` with other values of some fields. Raises InputRefused for a word that this edition does not know."""
        for name, value in fields.items():
            self._check("fields", name, self.edition.fields)
            self._check(f"fields.{name}", value, self.edition.fields[name].values)
        situation = kind.situation
        return kind._replace(situation=situation._replace(fields={**situation.fields, **fields}))

    def prioritised(self, kind: CaseKind) -> CaseKind:
        """`kind` with the priority that the rules of this edition give it."""
        return kind._replace(priority=priority_rule(self.edition, kind.situation).priority)

    def terms_for(self, kind: CaseKind, milestones: Iterable[str]) -> Terms:
        """The terms of every milestone, also of `milestones`: those that such a case is not promised end."""
        return all_terms(promised(self.edition, kind), (*milestones, *self.edition.milestones))

    def _check(self, what: str, word: str | None, known: Collection[str]) -> None:
        if word not in known:
            shown = "no value" if word is None else repr(word[:60])
            raise InputRefused(
                "unknown_word",
                f"{what}: {shown} is not known in edition {self.edition.edition}, which has "
                f"{', '.join(known) or 'none'}; migrate the case to one that knows it, then replay this dead letter",
            )


class Editions(Protocol):
    """Where the clocks of a case find the editions that count for it."""

    @property
    def configured(self) -> str:
        """The names of the editions that are configured here, for messages."""

    def of(self, short: bytes) -> PinnedEdition:
        """The edition that a case refers to by `short`."""

    def find(self, name: str, sha256: str) -> PinnedEdition | None:
        """The edition that a case is to migrate to, kept for it from now on; None if nobody here has it."""


class KnownEditions:
    """`Editions` that are at hand, by how cases refer to them."""

    def __init__(self, known: Mapping[bytes, PinnedEdition]) -> None:
        self._known = known

    @property
    def configured(self) -> str:
        """Their names."""
        return ", ".join(sorted(pinned.edition.edition for pinned in self._known.values()))

    def of(self, short: bytes) -> PinnedEdition:
        """The edition that a case refers to by `short`. Raises KeyError."""
        return self._known[short]

    def find(self, name: str, sha256: str) -> PinnedEdition | None:
        """The edition with that digest, if it is at hand."""
        found = self._known.get(short_of(sha256))
        return found if found is not None and found.sha256 == sha256 else None


def short_of(sha256: str) -> bytes:
    """How a case refers to the edition of that digest."""
    return bytes.fromhex(sha256)[:_SHORT]


def read_saved(saved: bytes, short: bytes) -> PinnedEdition:
    """The edition that the store has for `short`. Raises UnusableEdition if it is damaged, of another digest, or of a
    version that this one cannot read.
    """
    try:
        document = zlib.decompress(saved)
    except zlib.error as error:
        raise UnusableEdition(f"the edition saved under {short.hex()} is damaged: {error}") from None
    sha256 = hashlib.sha256(document).hexdigest()
    if short_of(sha256) != short:
        raise UnusableEdition(f"the edition saved under {short.hex()} has the SHA-256 {sha256}")
    return PinnedEdition(sha256, read_document(document, sha256))
