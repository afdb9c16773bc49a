"""[pure] Rebuild a case's state from its log."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.business_time.instants import to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.explain.case_log import CaseLog
from shared.sla.case import apply_activity, is_retry, new_case, open_clocks
from shared.sla.case_state import CaseState
from shared.sla.errors import InputRefused
from shared.sla.event_time import is_before
from shared.sla.packing import pack_digest
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of


class RebuiltCase(NamedTuple):
    """A case's state, and the activity that counts, in the order of the log: each once, nothing that was refused.

    `state` is None if the edition of the case is unknown, or its targets cannot be counted.
    """

    state: CaseState | None
    activities: list[ActivityRecorded]


def rebuild_case(log: CaseLog, case: CaseRouted, editions: Mapping[bytes, PinnedEdition]) -> RebuiltCase:
    """Apply the activity of `log` to `case` as escalation does. Activity that it refuses changes nothing.

    `editions` are those at hand, by how cases refer to them. What escalation has refused is known without its dead
    letter, which is kept for a shorter time; except for an edition that it did not know then, and for activity on a
    case that it had deleted or did not have in time.
    """
    known = KnownEditions(editions)
    candidates = _not_refused(log, case)
    state = _opened(case, known)
    if state is None:
        return RebuiltCase(None, _each_once(candidates, None))
    applied = [activity for activity in candidates if _apply(state, known, activity)]
    return RebuiltCase(state, _each_once(applied, state))


def _not_refused(log: CaseLog, case: CaseRouted) -> list[ActivityRecorded]:
    """The activity that was not dead-lettered, and that its client does not date before the case."""
    dead_lettered, opened_at = log.dead_lettered_activity, to_micros(case.received_at)
    return [
        activity
        for place, activity in log.activity
        if place not in dead_lettered and not is_before(activity.at, activity.recorded_at, opened_at)
    ]


def _opened(case: CaseRouted, known: KnownEditions) -> CaseState | None:
    pinned = known.find(case.edition, case.policy_sha256)
    if pinned is None:
        return None
    try:
        state = new_case(case, short_of(case.policy_sha256), pinned, None)
        open_clocks(state, known, to_micros(case.observed_at))
    except InputRefused:
        return None
    return state


def _apply(state: CaseState, known: KnownEditions, activity: ActivityRecorded) -> bool:
    """Whether an activity was applied: it is neither a repetition nor refused."""
    try:
        if is_retry(state, activity):
            return False
        apply_activity(state, known, activity, to_micros(activity.recorded_at))
    except InputRefused:
        return False
    return True


def _each_once(activities: Sequence[ActivityRecorded], state: CaseState | None) -> list[ActivityRecorded]:
    """The first content under each id. What `state` does not remember may come again with other content."""
    found: dict[tuple[str, str | None], ActivityRecorded] = {}
    stored: set[str] = set()
    for activity in activities:
        if activity.activity_id not in stored:
            found.setdefault((activity.activity_id, activity.activity_digest), activity)
            if state is not None and state.digest_of(activity.activity_id) == pack_digest(activity.activity_digest):
                stored.add(activity.activity_id)
    return list(found.values())
