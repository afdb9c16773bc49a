"""[pure] The name of what changed a clock: an activity, or another cause such as a late record."""

from shared.messages.messages import Messages


def cause_name(word: str, messages: Messages) -> str:
    """The name of an activity or of another cause. A word without a name is shown as it is."""
    as_activity = messages.name("activity", word)
    return messages.name("cause", word) if as_activity == word else as_activity
