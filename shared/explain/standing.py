"""[pure] How a case stands at an instant, without a sentence: for lists, which ask it of many cases.

It is worked out as `explanation` does, from the same log, so that a list and a case never disagree.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from shared.business_time.instants import from_micros, to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.contracts.vocabulary import StatusKind
from shared.explain.case_history import case_history
from shared.explain.case_log import CaseLog
from shared.explain.rebuild_case import RebuiltCase, rebuild_case
from shared.sla.clock import Clock
from shared.sla.fold import as_of
from shared.sla.pinned_edition import KnownEditions, PinnedEdition
from shared.sla.sla_clock import clocks_of, status_kind_at


class Standing(NamedTuple):
    """`due_at` is null where nothing that is promised runs; `milestone` is then what stands still, if anything does.

    `started_at` is when that clock began. `activities` are those that count, in the order of the log.
    """

    state: StatusKind
    priority: str
    milestone: str | None
    started_at: datetime | None
    due_at: datetime | None
    activities: Sequence[ActivityRecorded]


def standing(
    log: CaseLog,
    case: CaseRouted,
    editions: Mapping[bytes, PinnedEdition],
    now: datetime,
    rebuilt: RebuiltCase | None = None,
) -> Standing | None:
    """How `case` stands at `now`. `editions` are those at hand, by how cases refer to them; without its own, None.

    `rebuilt` is what `rebuild_case` makes of these, for callers that have it already.
    """
    known, at = KnownEditions(editions), to_micros(now)
    state, activities = rebuilt or rebuild_case(log, case, editions)
    if state is None:
        return None
    history = case_history(case, state, known, activities)
    view = history.view
    next_one = _next(as_of(clocks_of(view.policy, history.seen_at(at)), at))
    return Standing(
        state=status_kind_at(view.policy, view.clocks, at),
        priority=view.kind.priority,
        milestone=None if next_one is None else next_one.milestone,
        started_at=None if next_one is None else from_micros(next_one.started_at),
        due_at=None if next_one is None or next_one.due_at is None else from_micros(next_one.due_at),
        activities=activities,
    )


def _next(clocks: Sequence[Clock]) -> Clock | None:
    """The live clock that is due first; if all of them stand still, the first of these."""
    live = [clock for clock in clocks if clock.live]
    return min(live, key=lambda clock: (clock.due_at is None, clock.due_at or 0), default=None)
