"""[pure] The order in which the activity of a case is folded, and what each activity amounts to.

Activity counts in the order of its event times, whenever it arrived. At equal instants: start, new terms, resume,
pause, stop, cancel; then the activity's id. A status that ends by itself resumes behind every activity that does.
"""

from collections.abc import Iterable, Set

from shared.contracts.vocabulary import ActivityType
from shared.policy.case_rules import WITHDRAWN, CaseRules
from shared.sla.clock import Activity, ChangedBy, StatusEnd, Terms

OPEN, RESOLVED = "open", "resolved"
ENDS: tuple[str, ...] = ("closed", WITHDRAWN)
NEW_TERMS: tuple[ActivityType, ...] = ("reprioritised", "entitlement_refreshed", "policy_migrated")
REPLIED, RETRACTED = "agent_replied", "reply_retracted"
REOPENED = "reopened"
STATUS_ENDED = "status_ended"  # no activity that anybody reports: a status with `until` has ended by itself


def with_what_follows(history: Iterable[Activity]) -> list[Activity]:
    """`history` with the ends of statuses that end by themselves, and without the replies that were taken back.

    The end of a status has the id of the activity that set it.
    """
    known = list(history)
    retracted = {activity.retracts for activity in known if activity.kind == RETRACTED}
    found: list[Activity] = []
    for activity in known:
        if activity.kind == REPLIED and activity.id in retracted:
            continue
        found.append(activity)
        if activity.until is not None:
            found.append(Activity(activity.until, STATUS_ENDED, activity.id, OPEN))
    return found


def recorded_by(by: ChangedBy) -> str:
    """The id of the recorded activity behind a change: of the end of a status, the activity that set the status."""
    return by.set_by if isinstance(by, StatusEnd) else by


def meaning(rules: CaseRules, activity: Activity) -> str:
    """What an activity amounts to: a change to a status that counts as resolved or closed is that very act."""
    if activity.kind == "status_changed" and activity.to is not None:
        if activity.to == WITHDRAWN:
            return WITHDRAWN
        counts_as = rules.counts_as(activity.to)
        if counts_as in ("resolved", "closed"):
            return counts_as
    return activity.kind


def in_order(rules: CaseRules, terms: Terms, history: Iterable[Activity]) -> list[Activity]:
    """`history`, and what follows from it, in the total order in which it is folded; `terms` are the first ones."""
    activities = with_what_follows(history)
    pausing: set[str] = set()
    for given in (terms, *(a.terms for a in activities if a.terms is not None)):
        for milestone_terms in given.values():
            pausing.update(milestone_terms.paused_by)
    activities.sort(key=lambda a: (a.at, _rank(rules, a, pausing), a.kind == STATUS_ENDED, a.id))
    return activities


def _rank(rules: CaseRules, activity: Activity, pausing: Set[str]) -> int:
    """The place of an activity among those of one instant; `pausing` are the statuses that pause a clock."""
    kind = meaning(rules, activity)
    if kind in NEW_TERMS:
        return 1
    if kind in (REOPENED, STATUS_ENDED):
        return 2
    if kind == "status_changed":
        to = activity.to or OPEN
        counts_as = rules.counts_as(to)
        return 3 if to in pausing or (counts_as != OPEN and counts_as in pausing) else 2
    if kind in ENDS:
        return 5
    return 0 if kind in rules.milestones.only_start else 4
