"""How long to pause between retries: growing pauses with jitter."""

import random


class Backoff:
    """Pauses in seconds, each between half and all of a bound that doubles from `first` up to `longest`.

    The jitter keeps instances that failed together from retrying together.
    """

    def __init__(self, first: float = 0.1, longest: float = 5.0) -> None:
        self._first = first
        self._longest = longest
        self._bound = first

    def next(self) -> float:
        """Seconds to pause before the next try."""
        bound, self._bound = self._bound, min(self._bound * 2, self._longest)
        return random.uniform(bound / 2, bound)  # noqa: S311 - no secret depends on it

    def reset(self) -> None:
        """After a success the next failure starts with `first` again."""
        self._bound = self._first
