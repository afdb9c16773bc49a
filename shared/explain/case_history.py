"""[pure] A case as escalation has it once everything that counts was applied, and where its terms come from."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from shared.business_time.instants import Micros
from shared.contracts.base import format_instant
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.sla.case_state import CaseState
from shared.sla.clock import CaseClocks, ChangedBy, Clock, StatusChange, StatusEnd
from shared.sla.fold import folded
from shared.sla.order import STATUS_ENDED, recorded_by
from shared.sla.pinned_edition import Editions
from shared.sla.terms_in_force import CaseView, Origin, origins, view_of

SUBMISSION = "submitted"


class CaseHistory(NamedTuple):
    """`origins` are where its terms come from, the decision first. `activities` are those that count, by id."""

    case: CaseRouted
    state: CaseState
    view: CaseView
    origins: Sequence[Origin]
    activities: Mapping[str, ActivityRecorded]

    @property
    def now(self) -> Origin:
        """What counts now."""
        return self.origins[-1]

    def origin(self, by: str) -> Origin:
        """Where the terms come from that the activity `by` gave ("" = the decision)."""
        return next(origin for origin in self.origins if origin.by == by)

    def in_force(self, observed_at: datetime) -> Origin:
        """What counted for escalation at that instant: the last change recorded by then."""
        known = [each for each in self.origins if not each.by or self.activities[each.by].recorded_at <= observed_at]
        return known[-1]

    def whose_calendar(self, clock: Clock) -> Origin:
        """Where the calendar comes from that a clock counts by: editions may have one each of the same name."""
        name = self.calendar_id(clock)
        return next((each for each in self.origins if each.pinned.calendars.get(name) is clock.calendar), self.now)

    def calendar_id(self, clock: Clock) -> str:
        """The id of the calendar that a clock counts by: the one that its target names, else that of the case."""
        return clock.terms.calendar or self.case.calendar

    def changed_by(self, origin: Origin) -> dict[str, Any] | None:
        """The activity that terms come from; None if they are those of the decision."""
        return self.named(origin.by) if origin.by else None

    def named(self, by: ChangedBy) -> dict[str, Any]:
        """An activity as data: which, of what type, when it happened. "" is the submission.

        The end of a status has the id of the activity that set the status, and a type and an instant of its own.
        """
        if not by:
            return {"activity_id": None, "type": SUBMISSION, "at": format_instant(self.case.received_at)}
        known = self.activities[recorded_by(by)]
        kind: str = known.type
        at = known.at
        if isinstance(by, StatusEnd) and known.until is not None:
            kind, at = STATUS_ENDED, known.until
        at = max(at, self.case.received_at)  # a receipt by a clock that was behind counts from there
        return {"activity_id": known.activity_id, "type": kind, "at": format_instant(at)}

    def seen_at(self, at: Micros) -> CaseClocks:
        """What its clocks are folded from at `at`: a status that ends by itself has ended by then, whether or not
        escalation was there to notice.
        """
        return self.view.clocks._replace(seen_until=max(self.view.clocks.seen_until, at))

    def ended_statuses(self, at: Micros) -> Iterator[tuple[ActivityRecorded, StatusChange]]:
        """The statuses that have ended by themselves, each with the activity that set it, and what came then."""
        clocks = self.seen_at(at)
        case = folded(self.view.policy, clocks.opened_at, clocks.status, clocks.history, clocks.seen_until)
        for change in case.statuses:
            if isinstance(change.by, StatusEnd):
                yield self.activities[change.by.set_by], change


def case_history(
    case: CaseRouted, state: CaseState, editions: Editions, activities: Sequence[ActivityRecorded]
) -> CaseHistory:
    """The case that has come to `state` by `activities`."""
    by_id = {activity.activity_id: activity for activity in activities}
    return CaseHistory(case, state, view_of(state, editions), origins(state, editions), by_id)
