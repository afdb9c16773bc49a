"""Shows people what is going on, on standard error: a spinner on a terminal, else a line for each step."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

QUIET_FOR = 1.0  # seconds; off a terminal, a sentence that only counts up is repeated no more often


class Progress:
    """`say` shows the step that is going on now, `note` writes a line that stays. Use it as a context manager."""

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

    def say(self, sentence: str) -> None:
        """What is being done or waited for."""
        if self._status is not None:
            self._status.update(Text(sentence))
            if not self._spinning:
                self._status.start()
                self._spinning = True
            return
        kind, now = "".join(letter for letter in sentence if not letter.isdigit()), time.monotonic()
        if kind != self._last or now - self._last_at >= QUIET_FOR:
            self._last, self._last_at = kind, now
            self._console.print(sentence, markup=False)

    def note(self, sentence: str) -> None:
        """Something that happened."""
        self._console.print(sentence, markup=False)

    def done(self) -> None:
        """Nothing is being waited for any more: take the spinner away."""
        if self._status is not None and self._spinning:
            self._status.stop()
            self._spinning = False
