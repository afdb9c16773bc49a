"""Beats on which the streams of pages look again, so that whoever asks the same has one answer.

At each change every open list would ask the file for its page and its sums. Of 200,000 open cases that takes 60 ms: 30
agents who have the same list open would take all of the processor.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

_T = TypeVar("_T")


class Beats:
    """Beats that are `apart` seconds apart, and the answers of the last one."""

    def __init__(self, apart: float) -> None:
        self._apart = apart
        self._beat = -1
        self._answers: dict[Hashable, asyncio.Future[Any]] = {}

    async def next(self) -> None:
        """Wait for the next beat."""
        following = self._now() + 1
        while self._now() < following:  # noqa: ASYNC110 - it waits for an instant; a timer may be a bit early
            await asyncio.sleep(following * self._apart - time.monotonic())

    async def shared(self, question: Hashable, ask: Callable[[], Awaitable[_T]]) -> _T:
        """The answer to `question` that somebody was given since the last beat, or else that of `ask`.

        It has whatever had changed before the caller began to wait for that beat. Raises what `ask` raises.
        """
        if (beat := self._now()) != self._beat:
            self._beat, self._answers = beat, {}
        answer: asyncio.Future[_T] | None = self._answers.get(question)
        if answer is None:
            answer = self._answers[question] = asyncio.ensure_future(ask())
            answer.add_done_callback(_look_at_error)
        return await asyncio.shield(answer)  # one who goes away takes it from nobody

    def _now(self) -> int:
        return int(time.monotonic() // self._apart)


def _look_at_error(answer: "asyncio.Future[Any]") -> None:
    """Whoever waits for it is told. Where nobody does any more, asyncio would log it as one that nobody handles."""
    if not answer.cancelled():
        answer.exception()
