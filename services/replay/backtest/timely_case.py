"""[pure] The clocks of a timely case, folded once: its activity was recorded as it happened, and kept its terms.

Most cases are timely. Their calls follow from their clocks as they are at the end: a call was made if its instant came
before the clock stopped. Every other case is folded step by step (`case_outcome.py`), which gives the same for timely
ones, and takes four times as long; a test compares both.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from shared.business_time.errors import CalendarError
from shared.business_time.instants import Micros, to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.contracts.vocabulary import STATUS_LIMIT
from shared.policy.case_rules import CaseRules
from shared.policy.chain import Step
from shared.policy.milestones import REACHED
from shared.sla.case import ESCALATION_REQUESTS, MAX_ACTIVITIES, QUIET_AFTER_CLOSED
from shared.sla.clock import Activity, CasePolicy, Clock, Mark
from shared.sla.event_time import is_receipt
from shared.sla.fold import as_of, fold
from shared.sla.levels import calls_left
from shared.sla.order import NEW_TERMS, RETRACTED
from shared.sla.terms_in_force import CaseView

# An acknowledgement delays calls by what comes after it, and a reply that is taken back changes the past.
_NEEDS_STEPS = ESCALATION_REQUESTS | frozenset((*NEW_TERMS, "acknowledged", RETRACTED))
_QUIET = timedelta(microseconds=QUIET_AFTER_CLOSED)


def is_timely(case: CaseRouted, activities: Sequence[ActivityRecorded], rules: CaseRules) -> bool:
    """Whether `activities`, in the order of the log, need no step by step: none is late, early, repeated or new terms,
    or may be refused by `rules`, and no status ends by itself.

    After a pause of weeks a closed case may be deleted, which only steps tell.
    """
    if len(activities) >= MAX_ACTIVITIES or len({each.activity_id for each in activities}) < len(activities):
        return False
    latest: datetime = case.observed_at
    for activity in activities:
        if not _is_plain(activity, rules) or not is_receipt(activity.at, activity.recorded_at):
            return False
        if not latest <= activity.at <= latest + _QUIET:
            return False
        latest = activity.at
    return True


def _is_plain(activity: ActivityRecorded, rules: CaseRules) -> bool:
    if activity.type in _NEEDS_STEPS or activity.until is not None or activity.milestones is not None:
        return False
    if activity.type == REACHED:
        row = rules.milestones.get(activity.milestone or "")
        return row is not None and REACHED in row.fulfilled_by
    if activity.milestone is not None:
        return False
    if activity.type == "handed_over":
        return bool(activity.to)
    return activity.type != "status_changed" or _is_plain_status(activity.to, rules)


def _is_plain_status(status: str | None, rules: CaseRules) -> bool:
    """Whether people cannot take a status for another one."""
    if not status or len(status) > STATUS_LIMIT:
        return False
    return rules.meant_by(status) is None


def clocks_at_end(view: CaseView, activities: Sequence[ActivityRecorded], until: Micros) -> list[Clock]:
    """The clocks of a new case after its timely activity, at `until`. Raises CalendarError."""
    relevant = view.policy.rules.relevant
    history = [
        Activity(to_micros(each.at), each.type, each.activity_id, each.to, milestone=each.milestone)
        for each in activities
        if each.type in relevant
    ]
    return as_of(fold(view.policy, view.clocks.opened_at, view.clocks.status, history), until)


def calls_made(policy: CasePolicy, clock: Clock, until: Micros) -> Iterator[tuple[Step, Micros]]:
    """The calls that were made about a clock, and when."""
    end = until if clock.stage == "running" else _stood_still_since(clock)
    for step in calls_left(policy, clock, Mark(clock.milestone, clock.instance)):
        try:
            at = clock.call_at(step.amount)
        except CalendarError:  # its calendar does not open for so long
            return
        if at >= end:
            return
        if step.kind == "warning" or policy.automated:
            yield step, at


def _stood_still_since(clock: Clock) -> Micros:
    """The last instant up to which a clock ran that runs no more: it may have gone on for no time at all."""
    end = clock.since
    for pause in reversed(clock.pauses):
        if pause.end < end:
            break
        end = min(end, pause.start)
    return end
