"""[pure] How a case stands at an instant, without a sentence: for lists, which ask it of many cases.

It is worked out as `explanation` does, by the same functions, so that a list and a case never disagree.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from shared.business_time.instants import Micros, from_micros, to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.contracts.vocabulary import StatusKind
from shared.explain.case_history import case_history
from shared.explain.case_log import CaseLog
from shared.explain.rebuild_case import RebuiltCase, rebuild_case
from shared.sla.clock import Clock
from shared.sla.fold import as_of, folded
from shared.sla.pinned_edition import KnownEditions, PinnedEdition
from shared.sla.sla_clock import pending_ending, status_kind_at
from shared.sla.terms_in_force import CaseView


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


class Stand(NamedTuple):
    """How a case stands by its stored state: `status` as the desk calls it, since when, and what that counts as.

    `clocks` are all of its clocks, `next` the live one that is due first; of those that stand still, the first.
    `changes_at` is when its status ends by itself, which nobody reports. Instants are microseconds since 1970 UTC.
    """

    state: StatusKind
    status: str
    status_since: Micros
    clocks: Sequence[Clock]
    next: Clock | None
    changes_at: Micros | None


def stand(view: CaseView, at: Micros) -> Stand:
    """How the case of `view` stands at `at`."""
    clocks = view.clocks._replace(seen_until=max(view.clocks.seen_until, at))
    case = folded(view.policy, clocks.opened_at, clocks.status, clocks.history, clocks.seen_until)
    state = case.status_kind
    if clocks.seen_until > at or any(activity.at > at for activity in clocks.history):  # by a clock that was ahead
        state = status_kind_at(view.policy, view.clocks, at)
    found = as_of(case.clocks(), at)
    return Stand(state, case.status.status, case.status.at, found, _next(found), pending_ending(view.policy, clocks))


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
    view = case_history(case, state, known, activities).view
    found = stand(view, at)
    return Standing(
        state=found.state,
        priority=view.kind.priority,
        milestone=None if found.next is None else found.next.milestone,
        started_at=None if found.next is None else from_micros(found.next.started_at),
        due_at=None if found.next is None or found.next.due_at is None else from_micros(found.next.due_at),
        activities=activities,
    )


def _next(clocks: Sequence[Clock]) -> Clock | None:
    """The live clock that is due first; if all of them stand still, the first of these."""
    live = [clock for clock in clocks if clock.live]
    return min(live, key=lambda clock: (clock.due_at is None, clock.due_at or 0), default=None)
