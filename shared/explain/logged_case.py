"""[pure] A case with the words of its request, as the log has it: what a page needs to show it and to explain it."""

from typing import NamedTuple

from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.explain.case_log import CaseLog

SPOKEN = ("customer_replied", "agent_replied", "bot_replied")  # what customers read as well as the desk


class LoggedCase(NamedTuple):
    """A case as the log has it. `log` may be without dead letters and editions."""

    request: SupportRequestSubmitted
    log: CaseLog

    def lacks(self, activity_id: str) -> bool:
        """Whether that activity is not (or not yet) there."""
        return all(activity.activity_id != activity_id for _, activity in self.log.activity)

    @property
    def messages(self) -> list[ActivityRecorded]:
        """The activity in the order of the log; of one id the first counts, as it does for escalation."""
        return in_order_of_the_log(self.log)


def in_order_of_the_log(log: CaseLog) -> list[ActivityRecorded]:
    """The activity of a case; of one id the first counts."""
    found: dict[str, ActivityRecorded] = {}
    for _, activity in log.activity:
        found.setdefault(activity.activity_id, activity)
    return [*found.values()]
