"""[pure] The stored state of a case, as compact bytes: store "cases", one value for each case.

The first 8 bytes are the instant of the case's one timer (microseconds since 1970 UTC, 0 = none), so that an index is
restored without decoding anything; then follows the case in MessagePack, words as numbers. A value of 8 bytes alone is
the tombstone of a deleted case, so that late activity is not mistaken for early activity.
"""

from typing import NamedTuple, get_args

import msgspec
from msgspec import Struct

from shared.business_time.instants import Micros
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import (
    MILESTONES,
    Hours,
    Milestone,
    NoTargetReason,
    Plan,
    Promise,
    ReopenMode,
)
from shared.sla.clock import CaseClocks, Fired, Terms, Verdict
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
    reason: NoTargetReason | None
    paused_by: tuple[str, ...]
    reopen: ReopenMode


StoredTermsMap = dict[Milestone, StoredTerms]


class StoredActivity(Struct, array_like=True, frozen=True, gc=False):
    """One activity that matters. `after` counts from the submission (less than 0: a receipt by a clock that was
    behind, see `event_time.py`), `kind` is a position in ACTIVITY_TYPES. `id` and `digest` are packed by `packing.py`;
    the digest distinguishes its content from other content under the same id.

    `impact` and `workaround` are positions too; `terms` are explicit ones; `edition` is packed by `pinned_edition.py`.
    """

    after: Micros
    kind: int
    id: bytes
    digest: bytes
    to: str | None = None
    impact: int | None = None
    workaround: int | None = None
    terms: StoredTermsMap | None = None
    plan: Plan | None = None
    edition: bytes | None = None


class StoredMark(Struct, array_like=True, frozen=True, gc=False):
    """`Mark` as stored."""

    milestone: int
    instance: int
    generation: int
    verdict: int
    breached: bool
    fired: Fired


class Facts(NamedTuple):
    """What is known of a case in a few bits. `calendar`, `plan` and `priority` are positions in what the edition that
    the case was routed by has, in alphabetical order; the other words are positions in their tuples of
    `shared.contracts.vocabulary`, which only ever grow at their end.
    """

    calendar: int
    plan: int
    priority: int
    impact: int
    workaround: int
    environment: int
    staffed: bool
    automated: bool
    may_ask: bool  # for an escalation
    type_excluded: bool  # from asking for one, whoever asks
    sampled: bool  # the trace that the case belongs to

    def packed(self) -> int:
        """One number of at most 32 bits, unless an edition has more than 64 calendars.

        Raises ValueError for a word that does not fit into its bits: it would be read back as others.
        """
        number = 0
        for name, value, bits in zip(self._fields, self, _BITS, strict=True):
            if bits and value >> bits:
                raise ValueError(
                    f"{name} {value} does not fit into {bits} bits: a case keeps at most {1 << bits} words"
                )
            number = number << bits | value
        return number

    @classmethod
    def unpacked(cls, number: int) -> "Facts":
        """What `packed` packed."""
        values = []
        for bits in reversed(_BITS[1:]):
            values.append(number & (1 << bits) - 1)
            number >>= bits
        *flags, environment, workaround, impact, priority, plan = values
        return cls(number, plan, priority, impact, workaround, environment, *map(bool, reversed(flags)))


_BITS = (0, 4, 4, 5, 4, 4, 1, 1, 1, 1, 1)  # of each fact; the first takes what is left


class CaseState(Struct, array_like=True):
    """A case as stored: what it pins, its activities since, and what was published of its clocks.

    `account`, `edition` and `trace` are packed by `packing.py` and `pinned_edition.py`, `facts` by `Facts`. `seen_for`
    is how long after the submission the latest instant lies that was acted upon. `asked` is the customer's request for
    an escalation.
    """

    account: bytes | None
    edition: bytes
    facts: int
    opened_at: Micros
    trace: bytes | None = None
    seen_for: Micros = 0
    activities: list[StoredActivity] = []
    marks: list[StoredMark] = []
    asked: EscalationRequestState | None = None

    @property
    def account_id(self) -> str | None:
        """The account that asked, if it is known."""
        return None if self.account is None else unpack_id(self.account)

    @property
    def traceparent(self) -> str | None:
        """Of the record that routed the case: what its timers do belongs to the same trace."""
        return unpack_trace(self.trace, Facts.unpacked(self.facts).sampled)

    def digest_of(self, activity_id: str) -> bytes | None:
        """The packed digest of the activity that was applied under this id, or None."""
        packed = pack_id(activity_id)
        return next((known.digest for known in self.activities if known.id == packed), None)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(CaseState)


def encode(state: CaseState, due: Micros | None) -> bytes:
    """The value to store; `due` is the case's timer."""
    return (due or 0).to_bytes(_DUE, "big") + _encoder.encode(state)


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


def store_marks(state: CaseState, clocks: CaseClocks) -> None:
    """Store what a step of the clocks has published; the activity itself is in `activities`."""
    state.seen_for = clocks.seen_until - state.opened_at
    state.marks = [
        StoredMark(
            MILESTONES.index(m.milestone), m.instance, m.generation, VERDICTS.index(m.verdict), m.breached, m.fired
        )
        for m in clocks.marks
    ]


def stored_terms(terms: Terms) -> StoredTermsMap:
    """Explicit terms as stored."""
    return {
        milestone: StoredTerms(t.target_seconds, t.hours, t.promise, t.reason, tuple(t.paused_by), t.reopen)
        for milestone, t in sorted(terms.items())
    }


def loaded_terms(terms: StoredTermsMap | None) -> Terms | None:
    """The terms that were stored."""
    if terms is None:
        return None
    return {
        milestone: MilestoneTerms(
            target_seconds=t.target_seconds,
            hours=t.hours,
            promise=t.promise,
            reason=t.reason,
            paused_by=t.paused_by,
            reopen=t.reopen,
        )
        for milestone, t in terms.items()
    }
