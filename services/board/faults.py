"""Why the board ends: each message is the one line that its log has, and says what to do."""

from shared.process import CannotRun


class BoardFault(CannotRun):
    """Root of the reasons for which the board ends. None of them goes away by itself."""


class AnotherLog(BoardFault):
    """The board's file is a view of topics that were deleted or made anew; `frontline board rebuild` makes it again."""


class AnotherVersion(BoardFault):
    """The file was made by another version of Frontline; `frontline board rebuild` makes it again."""


class UnusableFile(BoardFault):
    """The board's file is no database, is damaged, or cannot be read or written."""


class FileInUse(BoardFault):
    """Another board, or a rebuild, has the file open: each board has a file of its own."""
