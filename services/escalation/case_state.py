"""[pure] What is remembered of a case, as compact bytes: store "cases", one value for each case.

The first 8 bytes are the instant of the case's one timer (microseconds since 1970 UTC, 0 = none), so that an index is
restored without decoding anything; then follows the case in MessagePack, words as numbers. A value of 8 bytes alone is
a case that is gone: closed and forgotten, but for the fact that it was there.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, get_args

import msgspec
from msgspec import Struct

from services.escalation.clock_state import Activity, CaseClocks, Mark, Terms, Verdict
from services.escalation.keys import pack_id, unpack_id, unpack_trace
from services.escalation.pinned import PinnedEdition
from shared.business_time.instants import Micros
from shared.contracts import wire
from shared.contracts.terms import MilestoneTerms
from shared.contracts.vocabulary import (
    ACTIVITY_TYPES,
    ENVIRONMENTS,
    IMPACTS,
    MILESTONES,
    PLANS,
    PRIORITIES,
    WORKAROUNDS,
    Hours,
    Impact,
    Milestone,
    NoTargetReason,
    Priority,
    Promise,
    ReopenMode,
    Workaround,
)

STORE = "cases"
REPRIORITISED = ACTIVITY_TYPES.index("reprioritised")
_VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_DUE = 8  # bytes

_Terms: Callable[..., MilestoneTerms] = wire.struct(MilestoneTerms)


class StoredTerms(Struct, array_like=True, frozen=True, gc=False):
    """`MilestoneTerms` as stored."""

    target_seconds: int | None
    hours: Hours | None
    promise: Promise | None
    reason: NoTargetReason | None
    paused_by: tuple[str, ...]
    reopen: ReopenMode


StoredTermsMap = dict[Milestone, StoredTerms]


class Heard(Struct, array_like=True, frozen=True, gc=False):
    """One activity that clocks care about. `after` counts from the submission, `kind` is a position in ACTIVITY_TYPES.

    `impact` and `workaround` are positions too; `terms` are explicit ones.
    """

    after: Micros
    kind: int
    id: bytes
    to: str | None = None
    impact: int | None = None
    workaround: int | None = None
    terms: StoredTermsMap | None = None


class StoredMark(Struct, array_like=True, frozen=True, gc=False):
    """`Mark` as stored."""

    milestone: int
    instance: int
    generation: int
    verdict: int
    breached: bool
    levels: int


class Facts(NamedTuple):
    """What is known of a case in a few bits: words are positions in their tuples of `shared.contracts.vocabulary`,
    which only ever grow at their end; `calendar` is a position in the edition's calendars.
    """

    calendar: int
    plan: int
    priority: int
    impact: int
    workaround: int
    environment: int
    staffed: bool
    automated: bool
    sampled: bool  # the trace that the case belongs to

    def packed(self) -> int:
        """One number of at most 32 bits, unless an edition has thousands of calendars."""
        number = 0
        for value, bits in zip(self, _BITS, strict=True):
            number = number << bits | value
        return number

    @classmethod
    def unpacked(cls, number: int) -> "Facts":
        """What `packed` packed."""
        values = []
        for bits in reversed(_BITS[1:]):
            values.append(number & (1 << bits) - 1)
            number >>= bits
        sampled, automated, staffed, environment, workaround, impact, priority, plan = values
        return cls(
            number,
            plan,
            priority,
            impact,
            workaround,
            environment,
            bool(staffed),
            bool(automated),
            bool(sampled),
        )


_BITS = (0, 3, 3, 4, 3, 3, 1, 1, 1)  # of each fact; the first takes what is left


class CaseState(Struct, array_like=True):
    """A case as stored: what it pins, what was heard of it since, what was published of its clocks.

    `account`, `edition` and `trace` are packed by `keys.py` and `pinned.py`, `facts` by `Facts`. `terms` are those of
    the routed case where they are not what the edition promises. `seen_for` is how long after the submission the latest
    instant lies that was acted upon.
    """

    account: bytes | None
    edition: bytes
    facts: int
    opened_at: Micros
    trace: bytes | None = None
    terms: StoredTermsMap | None = None
    seen_for: Micros = 0
    heard: list[Heard] = []
    marks: list[StoredMark] = []

    @property
    def account_id(self) -> str | None:
        """The account that asked, if it is known."""
        return None if self.account is None else unpack_id(self.account)

    @property
    def traceparent(self) -> str | None:
        """Of the record that routed the case: what its timers do belongs to the same trace."""
        return unpack_trace(self.trace, Facts.unpacked(self.facts).sampled)

    def knows(self, activity_id: str) -> bool:
        """Whether this activity has been heard before."""
        packed = pack_id(activity_id)
        return any(heard.id == packed for heard in self.heard)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(CaseState)


def encode(state: CaseState, due: Micros | None) -> bytes:
    """The value to store; `due` is the case's timer."""
    return (due or 0).to_bytes(_DUE, "big") + _encoder.encode(state)


def gone(due: Micros) -> bytes:
    """The value of a case that is gone, to be forgotten altogether at `due`."""
    return due.to_bytes(_DUE, "big")


def is_gone(value: bytes) -> bool:
    """Whether nothing is left of the case but that it was there."""
    return len(value) == _DUE


def decode(value: bytes) -> CaseState:
    """The case in a stored value that is not gone."""
    return _decoder.decode(memoryview(value)[_DUE:])


def due_of(value: bytes | None) -> Micros | None:
    """The instant of a stored case's timer, or None."""
    return None if value is None else int.from_bytes(value[:_DUE], "big") or None


class Heeded(NamedTuple):
    """A case as its clocks see it, and the priority that it has now."""

    clocks: CaseClocks
    priority: Priority


def heeded(state: CaseState, pinned: PinnedEdition) -> Heeded:
    """The case's history and marks in the terms of `sla_clock`.

    What a re-prioritisation leaves unsaid stays as it was then: as of the one before it by event time, whichever
    arrived first. So its terms are worked out here, each time, and not when it arrives.
    """
    new_terms: dict[bytes, Terms] = {}
    facts = Facts.unpacked(state.facts)
    priority = PRIORITIES[facts.priority]
    if any(heard.kind == REPRIORITISED for heard in state.heard):
        for heard, said in _claims(state, facts):
            explicit = loaded_terms(heard.terms) or {}
            if said is not None:
                priority = pinned.priority(*said, ENVIRONMENTS[facts.environment])
                explicit = {**pinned.terms_for(PLANS[facts.plan], priority, staffed=facts.staffed), **explicit}
            new_terms[heard.id] = explicit
    history = tuple(_activity(state, heard, new_terms.get(heard.id)) for heard in state.heard)
    marks = tuple(
        Mark(MILESTONES[m.milestone], m.instance, m.generation, _VERDICTS[m.verdict], m.breached, m.levels)
        for m in state.marks
    )
    clocks = CaseClocks(state.opened_at, "open", history, marks, state.opened_at + state.seen_for)
    return Heeded(clocks, priority)


def note(state: CaseState, clocks: CaseClocks) -> None:
    """Take over what a step of the clocks has published; the activity itself is in `heard`."""
    state.seen_for = clocks.seen_until - state.opened_at
    state.marks = [
        StoredMark(
            MILESTONES.index(m.milestone), m.instance, m.generation, _VERDICTS.index(m.verdict), m.breached, m.levels
        )
        for m in clocks.marks
    ]


def stored_terms(terms: Terms) -> StoredTermsMap:
    """Terms as stored; equal terms are stored alike, whether they came from the policy or from an event."""
    return {
        milestone: StoredTerms(t.target_seconds, t.hours, t.promise, t.reason, tuple(t.paused_by), t.reopen)
        for milestone, t in sorted(terms.items())
    }


def loaded_terms(terms: StoredTermsMap | None) -> Terms | None:
    """The terms that were stored."""
    if terms is None:
        return None
    return {
        milestone: _Terms(
            target_seconds=t.target_seconds,
            hours=t.hours,
            promise=t.promise,
            reason=t.reason,
            paused_by=t.paused_by,
            reopen=t.reopen,
        )
        for milestone, t in terms.items()
    }


def _claims(state: CaseState, facts: Facts) -> Iterator[tuple[Heard, tuple[Impact, Workaround] | None]]:
    """Each re-prioritisation by event time, with the impact and workaround from then on; None if it is about terms."""
    impact, workaround = facts.impact, facts.workaround
    told = [heard for heard in state.heard if heard.kind == REPRIORITISED]
    for heard in sorted(told, key=lambda heard: (heard.after, unpack_id(heard.id))):
        if heard.impact is None and heard.workaround is None:
            yield heard, None
            continue
        impact = impact if heard.impact is None else heard.impact
        workaround = workaround if heard.workaround is None else heard.workaround
        yield heard, (IMPACTS[impact], WORKAROUNDS[workaround])


def _activity(state: CaseState, heard: Heard, terms: Terms | None) -> Activity:
    kind = ACTIVITY_TYPES[heard.kind]
    if terms is None:
        terms = loaded_terms(heard.terms)
    return Activity(state.opened_at + heard.after, kind, unpack_id(heard.id), heard.to, terms)
