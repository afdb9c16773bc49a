"""[pure] The errors of help topics."""

from collections.abc import Sequence

from shared.policy.mistakes import Mistake


class HelpTopicsFault(Exception):
    """Root of the errors of help topics."""


class HelpTopicsError(HelpTopicsFault):
    """A set of help topics that cannot be used. `mistakes` has every mistake that one run can find, in file order."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class NoHelpTopics(HelpTopicsError):
    """The folder of a set does not exist, or it cannot be read."""
