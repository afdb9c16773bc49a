"""[pure] Rebuild a case's state from its log, or go on from a checkpoint where the log has grown since.

Each activity that is applied folds the history so far, so a rebuild takes time that grows with the square of it.
Whoever asks again at each new activity keeps a checkpoint, and only the new activity is applied.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from shared.business_time.instants import to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.explain.case_log import CaseLog
from shared.sla.case import apply_activity, is_retry, new_case, open_clocks
from shared.sla.case_state import CaseState, decode, encode
from shared.sla.errors import InputRefused
from shared.sla.event_time import is_before
from shared.sla.pinned_edition import Editions, KnownEditions, PinnedEdition, short_of

_FINGERPRINT = 16  # bytes


class RebuiltCase(NamedTuple):
    """A case's state, and the activity that counts, in the order of the log: each once, nothing that was refused.

    `state` is None if the edition of the case is unknown, or its targets cannot be counted.
    """

    state: CaseState | None
    activities: list[ActivityRecorded]


class Checkpoint(NamedTuple):
    """How far a case was rebuilt. It is never changed, and has no texts of customers.

    `fingerprint` is that of the case and of the first `taken` activities that may count. `editions` are those that were
    at hand. `stored` is the state as escalation stores it; None = there is none. `passed_over` are the places, among
    those activities, of what does not count: it was refused, or is a repetition.
    """

    fingerprint: bytes
    taken: int
    editions: Mapping[bytes, PinnedEdition]
    stored: bytes | None
    passed_over: tuple[int, ...]


def rebuild_case(log: CaseLog, case: CaseRouted, editions: Mapping[bytes, PinnedEdition]) -> RebuiltCase:
    """Apply the activity of `log` to `case` as escalation does. Activity that it refuses changes nothing.

    `editions` are those at hand, by how cases refer to them. What escalation has refused is known without its dead
    letter, which is kept for a shorter time; except for an edition that it did not know then, and for activity on a
    case that it had deleted or did not have in time.
    """
    known = KnownEditions(editions)
    state, candidates, passed_over = opened(case, known), not_refused(log, case), set[int]()
    _apply_from(0, candidates, state, known, passed_over)
    return _rebuilt(state, candidates, passed_over)


def rebuild_from(
    checkpoint: Checkpoint | None, log: CaseLog, case: CaseRouted, editions: Mapping[bytes, PinnedEdition]
) -> tuple[RebuiltCase, Checkpoint]:
    """The same as `rebuild_case`, and the checkpoint to go on from next time.

    It goes on from `checkpoint` only where that gives what a rebuild gives: the case and the editions at hand are the
    same, and the activity that may count begins with what was taken then. Else it starts at the beginning.
    """
    known, candidates = KnownEditions(editions), not_refused(log, case)
    if checkpoint is not None and _is_continued(checkpoint, case, candidates, editions):
        state = None if checkpoint.stored is None else decode(checkpoint.stored)
        taken, passed_over = checkpoint.taken, set(checkpoint.passed_over)
        if taken == len(candidates):
            return _rebuilt(state, candidates, passed_over), checkpoint
    else:
        state, taken, passed_over = opened(case, known), 0, set()
    _apply_from(taken, candidates, state, known, passed_over)
    reached = Checkpoint(
        fingerprint=_fingerprint(case, candidates),
        taken=len(candidates),
        editions=dict(editions),
        stored=None if state is None else encode(state, None),
        passed_over=tuple(passed_over),
    )
    return _rebuilt(state, candidates, passed_over), reached


def _is_continued(
    checkpoint: Checkpoint,
    case: CaseRouted,
    candidates: Sequence[ActivityRecorded],
    editions: Mapping[bytes, PinnedEdition],
) -> bool:
    taken = candidates[: checkpoint.taken]
    return checkpoint.editions == editions and checkpoint.fingerprint == _fingerprint(case, taken)


def _fingerprint(case: CaseRouted, candidates: Sequence[ActivityRecorded]) -> bytes:
    """Whatever these events say, it distinguishes them from others: their contents matter, not where they stood."""
    return hashlib.blake2b(msgspec.msgpack.encode((case, candidates)), digest_size=_FINGERPRINT).digest()


def not_refused(log: CaseLog, case: CaseRouted) -> list[ActivityRecorded]:
    """The activity that was not dead-lettered, and that its client does not date before the case."""
    dead_lettered, opened_at = log.dead_lettered_activity, to_micros(case.received_at)
    return [
        activity
        for place, activity in log.activity
        if place not in dead_lettered and not is_before(activity.at, activity.recorded_at, opened_at)
    ]


def opened(case: CaseRouted, known: Editions) -> CaseState | None:
    """The state of a case that was just decided; None if its edition is unknown, or its targets cannot be counted."""
    pinned = known.find(case.edition, case.policy_sha256)
    if pinned is None:
        return None
    try:
        state = new_case(case, short_of(case.policy_sha256), pinned, None)
        open_clocks(state, known, to_micros(case.observed_at))
    except InputRefused:
        return None
    return state


def _apply_from(
    start: int,
    candidates: Sequence[ActivityRecorded],
    state: CaseState | None,
    known: KnownEditions,
    passed_over: set[int],
) -> None:
    """Apply the candidates from place `start` to `state`, and note in `passed_over` the places that do not count.

    Of one content under one id the first counts: what the state does not remember is no repetition to escalation. It
    may also come again with other content, and then both count.
    """
    counted = {_content(each) for place, each in enumerate(candidates[:start]) if place not in passed_over}
    for place, activity in enumerate(candidates[start:], start):
        applied = state is None or apply(state, known, activity)
        if applied and _content(activity) not in counted:
            counted.add(_content(activity))
        else:
            passed_over.add(place)


def _content(activity: ActivityRecorded) -> tuple[str, str | None]:
    return activity.activity_id, activity.activity_digest


def apply(state: CaseState, known: Editions, activity: ActivityRecorded) -> bool:
    """Apply an activity to `state`. Whether it was applied: it is neither a repetition nor refused."""
    try:
        if is_retry(state, activity):
            return False
        apply_activity(state, known, activity, to_micros(activity.recorded_at))
    except InputRefused:
        return False
    return True


def _rebuilt(state: CaseState | None, candidates: Sequence[ActivityRecorded], passed_over: set[int]) -> RebuiltCase:
    return RebuiltCase(state, [each for place, each in enumerate(candidates) if place not in passed_over])
