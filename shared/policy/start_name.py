"""[pure] The name of what starts a clock of a milestone: the submission, an activity, or a status of the desk."""

from shared.contracts.vocabulary import ACTIVITY_TYPES
from shared.messages.messages import Messages
from shared.policy.milestones import SUBMITTED


def start_name(starts: str, messages: Messages) -> str:
    """The name of what a milestone's row has in `starts`."""
    if starts == SUBMITTED or starts in ACTIVITY_TYPES:
        return messages.name("activity", starts)
    return messages("policy.starts.status", status=starts)
