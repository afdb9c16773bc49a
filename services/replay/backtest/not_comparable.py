"""[pure] The cases that a backtest does not compare, and why: what an edition cannot say is never guessed."""

from collections import Counter
from typing import NamedTuple

from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.messages.reason import Reason
from shared.policy.case_rules import CaseRules
from shared.policy.model import Edition


class NotCompared(NamedTuple):
    """A case and why it is not compared."""

    case_id: str
    account_id: str | None
    reason: Reason


class NotComparable:
    """The first `limit` of them in the order of the log (None = all), and how many there are for each code."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self.kept: list[NotCompared] = []
        self.by_code: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.by_code.values())

    def add(self, case_id: str, account_id: str | None, reason: Reason) -> None:
        """List a case."""
        self.by_code[reason.code] += 1
        if self._limit is None or len(self.kept) < self._limit:
            self.kept.append(NotCompared(case_id, account_id, reason))


def unknown_word(case: CaseRouted, other: CaseRouted, edition: Edition) -> Reason | None:
    """A word of a case that `edition` does not have, so that `other`, its decision, would be a guess; or None.

    A word that the edition of `case` does not have either is no difference between the two.
    """
    used, name, unknown = case.entitlement, edition.edition, other.entitlement.not_in_edition
    if unknown is None and used.requester_from != "nobody" and used.role not in edition.roles:
        unknown = used.role
    if unknown is not None and used.standing != "plan_not_in_edition":
        return Reason("backtest.unknown_word_of_account", word=unknown, edition=name)
    if used.calendar is not None and used.calendar == case.calendar and used.calendar not in edition.calendars:
        return Reason("backtest.unknown_calendar", calendar=used.calendar, edition=name)
    return None


def unknown_milestone(activity: ActivityRecorded, rules: CaseRules, edition: Edition) -> Reason | None:
    """A milestone that has terms by an activity and no row in the `rules` of a case, so that no clock counts it."""
    for milestone in activity.milestones or ():
        if milestone not in rules.milestones:
            return Reason("backtest.unknown_milestone", milestone=milestone, edition=edition.edition)
    return None
