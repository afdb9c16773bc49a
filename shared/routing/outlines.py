"""[pure] What decisions for equal requests by equal people have in common, kept for those that come again."""

from collections.abc import Hashable
from typing import NamedTuple

from shared.business_time.calendar import BusinessCalendar
from shared.contracts.structs import Decision, Reason

_KEPT = 10_000  # outlines; each has a few hundred bytes of its own
_COUNTED = 50_000  # requests that came once


class Outline(NamedTuple):
    """A decision but for the instants, the entitlement's offset and what the caller has at hand.

    `decision` has no deadlines; its entitlement is that of the first of these people, and its notes are those for
    somebody who has nothing at hand. `timed` has the milestones to which a decision adds a deadline, each by the
    calendar that its target names, else by `calendar`.
    """

    decision: Decision
    timed: tuple[tuple[str, str | None], ...]
    calendar: BusinessCalendar
    notes_if_ready: tuple[Reason, ...]


class Outlines:
    """Outlines by what they depend on. One is kept from its second use on: most of what comes once never comes again.

    At most `_KEPT` are kept, whatever customers send.
    """

    __slots__ = ("_came_once", "_kept", "get")

    def __init__(self) -> None:
        self._kept: dict[Hashable, Outline] = {}
        self._came_once: set[int] = set()
        self.get = self._kept.get

    def offer(self, key: Hashable, outline: Outline) -> None:
        """Keep an outline that was not there, if it was needed before."""
        number = hash(key)
        if number in self._came_once:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._came_once.discard(number)
            self._kept[key] = outline
        else:
            if len(self._came_once) >= _COUNTED:
                self._came_once.clear()
            self._came_once.add(number)
