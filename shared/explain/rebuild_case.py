"""[pure] Rebuild a case's state from its log."""

from collections.abc import Mapping, Sequence

from shared.business_time.instants import to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.explain.case_log import CaseLog
from shared.sla.case import REMEMBERED, apply_activity, new_case, open_clocks
from shared.sla.case_state import CaseState
from shared.sla.errors import InputRefused
from shared.sla.event_time import is_before
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of


def counted(log: CaseLog, case: CaseRouted) -> list[ActivityRecorded]:
    """The activity that counts: each once, the first content under an id, and nothing that was dead-lettered."""
    dead_lettered = log.dead_lettered_activity
    opened_at = to_micros(case.received_at)
    found: dict[tuple[str, str | None], ActivityRecorded] = {}
    stored: set[str] = set()
    for offset, activity in log.activity:
        refused = offset in dead_lettered or is_before(activity.at, activity.recorded_at, opened_at)
        if refused or activity.activity_id in stored:
            continue
        found.setdefault((activity.activity_id, activity.activity_digest), activity)
        if activity.type in REMEMBERED:
            stored.add(activity.activity_id)
    return list(found.values())


def rebuild_case(
    case: CaseRouted, editions: Mapping[bytes, PinnedEdition], activities: Sequence[ActivityRecorded]
) -> CaseState | None:
    """The state of `case` after `activities`; None if its edition is unknown, or its targets cannot be counted.

    `editions` are those at hand, by how cases refer to them. Activity that escalation would refuse changes nothing.
    """
    short, known = short_of(case.policy_sha256), KnownEditions(editions)
    if short not in editions:
        return None
    try:
        state = new_case(case, short, editions[short], None)
        open_clocks(state, known, to_micros(case.observed_at))
    except InputRefused:
        return None
    for activity in activities:
        try:
            apply_activity(state, known, activity, to_micros(activity.recorded_at))
        except InputRefused:
            continue
    return state
