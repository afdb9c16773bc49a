"""[pure] The stored state of a case, as compact bytes: store "cases", one value for each case.

The first 8 bytes are the instant of the case's one timer (microseconds since 1970 UTC, 0 = none), so that an index is
restored without decoding anything; then follows the case in MessagePack, words as numbers. A value of 8 bytes alone is
the tombstone of a deleted case, so that late activity is not mistaken for early activity.
"""

from collections.abc import Sequence
from typing import get_args

import msgspec
from msgspec import Struct

from shared.business_time.instants import Micros
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import Hours, Promise, ReopenMode, Until
from shared.sla.clock import CaseClocks, Fired, Mark, Terms, Verdict
from shared.sla.customer_escalation import EscalationRequestState
from shared.sla.packing import pack_id, unpack_id, unpack_trace

STORE = "cases"
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_DUE = 8  # bytes


class StoredTerms(Struct, array_like=True, frozen=True, gc=False):
    """`MilestoneTerms` as stored."""

    target_seconds: int | None
    hours: Hours | None
    promise: Promise | None
    reason: str | None
    paused_by: tuple[str, ...]
    reopen: ReopenMode
    target_business_days: int | None = None
    until: Until | None = None
    open_at_least: int | None = None
    calendar: str | None = None


StoredTermsMap = dict[str, StoredTerms]


class StoredActivity(Struct, array_like=True, frozen=True, gc=False):
    """One activity that matters. `after` counts from the submission (less than 0: a receipt by a clock that was
    behind, see `event_time.py`), and so does `until`; `kind` is a position in ACTIVITY_TYPES, which only ever grows at
    its end. `id`, `retracts` and `digest` are packed by `packing.py`; the digest distinguishes its content from other
    content under the same id. `fields` are those that change, `terms` explicit ones; `edition` is packed by
    `pinned_edition.py`.
    """

    after: Micros
    kind: int
    id: bytes
    digest: bytes
    to: str | None = None
    fields: dict[str, str] | None = None
    terms: StoredTermsMap | None = None
    plan: str | None = None
    edition: bytes | None = None
    until: Micros | None = None
    milestone: str | None = None
    retracts: bytes | None = None


class StoredMark(Struct, array_like=True, frozen=True, gc=False):
    """`Mark` as stored. `milestone` is its position in the edition that the case pins; a word that this edition lacks,
    since the case has migrated, is stored as it is.
    """

    milestone: int | str
    instance: int
    generation: int
    verdict: int
    breached: bool
    fired: Fired


class CaseState(Struct, array_like=True):
    """A case as stored: what it pins, its activities since, and what was published of its clocks.

    `account`, `edition` and `trace` are packed by `packing.py` and `pinned_edition.py`, `facts` by `case_facts.py`, all
    but `language` and `country`, which are open sets. `seen_for`
    is how long after the submission the latest instant lies that was acted upon. `asked` is the customer's request for
    an escalation.
    """

    account: bytes | None
    edition: bytes
    facts: bytes
    opened_at: Micros
    trace: bytes | None = None
    seen_for: Micros = 0
    activities: list[StoredActivity] = []
    marks: list[StoredMark] = []
    asked: EscalationRequestState | None = None
    language: str | None = None
    country: str | None = None

    @property
    def account_id(self) -> str | None:
        """The account that asked, if it is known."""
        return None if self.account is None else unpack_id(self.account)

    @property
    def traceparent(self) -> str | None:
        """Of the record that routed the case: what its timers do belongs to the same trace."""
        return unpack_trace(self.trace)

    def digest_of(self, activity_id: str) -> bytes | None:
        """The packed digest of the activity that was applied under this id, or None."""
        packed = pack_id(activity_id)
        return next((known.digest for known in self.activities if known.id == packed), None)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(CaseState)


def encode(state: CaseState, due: Micros | None) -> bytes:
    """The value to store; `due` is the case's timer."""
    return (due or 0).to_bytes(_DUE, "big") + _encoder.encode(state)


def size_of(state: CaseState) -> int:
    """The bytes of the value to store."""
    return _DUE + len(_encoder.encode(state))


def tombstone(due: Micros) -> bytes:
    """The value of a deleted case; the tombstone itself is deleted at `due`."""
    return due.to_bytes(_DUE, "big")


def is_tombstone(value: bytes) -> bool:
    """Whether the case was deleted."""
    return len(value) == _DUE


def decode(value: bytes) -> CaseState:
    """The case in a stored value that is no tombstone."""
    return _decoder.decode(memoryview(value)[_DUE:])


def due_of(value: bytes | None) -> Micros | None:
    """The instant of a stored case's timer, or None."""
    return None if value is None else int.from_bytes(value[:_DUE], "big") or None


def store_marks(state: CaseState, clocks: CaseClocks, milestones: Sequence[str]) -> None:
    """Store what a step of the clocks has published; the activity itself is in `activities`.

    `milestones` are those of the edition that the case pins.
    """
    state.seen_for = clocks.seen_until - state.opened_at
    state.marks = [
        StoredMark(
            milestones.index(m.milestone) if m.milestone in milestones else m.milestone,
            m.instance,
            m.generation,
            VERDICTS.index(m.verdict),
            m.breached,
            m.fired,
        )
        for m in clocks.marks
    ]


def loaded_marks(state: CaseState, milestones: Sequence[str]) -> tuple[Mark, ...]:
    """The marks that were stored; `milestones` as in `store_marks`."""
    return tuple(
        Mark(
            milestones[m.milestone] if isinstance(m.milestone, int) else m.milestone,
            m.instance,
            m.generation,
            VERDICTS[m.verdict],
            m.breached,
            m.fired,
        )
        for m in state.marks
    )


def stored_terms(terms: Terms) -> StoredTermsMap:
    """Explicit terms as stored."""
    return {
        milestone: StoredTerms(*(getattr(given, name) for name in StoredTerms.__struct_fields__))
        for milestone, given in sorted(terms.items())
    }


def loaded_terms(terms: StoredTermsMap | None) -> Terms | None:
    """The terms that were stored."""
    if terms is None:
        return None
    return {
        milestone: MilestoneTerms(**{name: getattr(stored, name) for name in StoredTerms.__struct_fields__})
        for milestone, stored in terms.items()
    }
