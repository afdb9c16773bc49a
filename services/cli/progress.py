"""Shows the progress of a command on standard error: a spinner on a terminal, otherwise a line for each step."""

import sys
import time
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.text import Text

from shared.messages.messages import Messages

REPEAT_SECONDS = 1.0  # without a terminal, the least time between two lines that differ only in their numbers
_QUIET_SECONDS = 1.0  # before the first line of a DelayedProgress
_UPDATE_SECONDS = 0.2  # between two updates of it


class ShowStep(Protocol):
    """Shows the current step: a code of the catalogue and its facts."""

    def __call__(self, code: str, /, **facts: Any) -> None: ...


class Progress:
    """`update` shows the current step, `note` prints a line that stays. Use it as a context manager."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        self._status = self._console.status("") if self._console.is_terminal else None
        self._spinning = False
        self._last = ""
        self._last_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.done()

    def update(self, sentence: str) -> None:
        """Show the current step."""
        if self._status is not None:
            self._status.update(Text(sentence))
            if not self._spinning:
                self._status.start()
                self._spinning = True
            return
        kind, now = "".join(character for character in sentence if not character.isdigit()), time.monotonic()
        if kind != self._last or now - self._last_at >= REPEAT_SECONDS:
            self._last, self._last_at = kind, now
            self._console.print(sentence, markup=False)

    def note(self, sentence: str) -> None:
        """Print a line that stays."""
        self._console.print(sentence, markup=False)

    def done(self) -> None:
        """Remove the spinner."""
        if self._status is not None and self._spinning:
            self._status.stop()
            self._spinning = False


class DelayedProgress:
    """Shows progress only if the command takes longer than _QUIET_SECONDS."""

    def __init__(self, progress: Progress, messages: Messages) -> None:
        self._progress, self._messages = progress, messages
        self._next = time.monotonic() + _QUIET_SECONDS

    def update(self, code: str, /, **counts: int) -> None:
        """Show the current step, at most once every _UPDATE_SECONDS."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _UPDATE_SECONDS
            shown = {name: self._messages.count(count) for name, count in counts.items()}
            self._progress.update(self._messages(code, **shown))
