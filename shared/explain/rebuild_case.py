"""[pure] A case as escalation has it once it has heard what its log says."""

from collections.abc import Mapping, Sequence

from shared.business_time.instants import to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.contracts.topics import ACTIVITY
from shared.explain.case_log import CaseLog
from shared.sla.case import REMEMBERED, apply_activity, new_case, open_clocks
from shared.sla.case_state import CaseState
from shared.sla.errors import InputRefused
from shared.sla.event_time import is_before
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of


def counted(log: CaseLog, case: CaseRouted) -> list[ActivityRecorded]:
    """The activity that counts: each once, the first content under an id, and nothing that was put aside."""
    aside = {letter.record.offset for letter in log.put_aside if letter.record.topic == ACTIVITY.name}
    opened_at = to_micros(case.received_at)
    found: dict[tuple[str, str | None], ActivityRecorded] = {}
    remembered: set[str] = set()
    for offset, activity in log.activity:
        refused = offset in aside or is_before(activity.at, activity.recorded_at, opened_at)
        if refused or activity.activity_id in remembered:
            continue
        found.setdefault((activity.activity_id, activity.activity_digest), activity)
        if activity.type in REMEMBERED:
            remembered.add(activity.activity_id)
    return list(found.values())


def rebuild_case(
    case: CaseRouted, editions: Mapping[bytes, PinnedEdition], heard: Sequence[ActivityRecorded]
) -> CaseState | None:
    """The state of `case` after `heard`; None if its edition is not among `editions`, or its targets cannot be counted.

    `editions` are those at hand, by how cases refer to them. What escalation would put aside changes nothing.
    """
    short, known = short_of(case.policy_sha256), KnownEditions(editions)
    if short not in editions:
        return None
    try:
        state = new_case(case, short, editions[short], None)
        open_clocks(state, known, to_micros(case.decided_at))
    except InputRefused:
        return None
    for activity in heard:
        try:
            apply_activity(state, known, activity, to_micros(activity.recorded_at))
        except InputRefused:
            continue
    return state
