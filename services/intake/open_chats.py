"""The open chats by the time that is left: what the list of the desk shows.

A chat is a case whose channel is the `live_chat.channel` of the edition that decided it. The view learns from the
records which cases are chats, and which of them have changed. What one amounts to is worked out only when somebody
looks, once for each change, and a few at a time, so that calls are served in between. It has subjects, in memory only.

Bounded: of more than `limit` chats it forgets the resolved ones first, then those that have not changed for longest.
"""

import asyncio
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from itertools import chain
from operator import itemgetter

from prometheus_client import Gauge

from services.intake.chat_rows import ChatRow, row_of
from services.intake.editions import Editions
from services.intake.recent_cases import RecentCases
from shared.contracts.structs import CaseClosed, CaseReopened, CaseRouted, EscalationEvent
from shared.explain.rebuilt_cases import RebuiltCases
from shared.web.watchers import Watchers

KEPT = Gauge("frontline_intake_chats", "Chats that the list of agents knows: open, resolved, or not looked at yet")

ANY = "any"  # what `watchers` watch
AT_ONCE = 10  # chats that are looked at before other calls are served: some 10 ms
LIMIT = 10_000  # at some 1.5 kB each
_Place = tuple[bool, datetime, str]


class OpenChats:
    """The view. All of it runs in the event loop's thread; `watchers` of `ANY` are told of changes."""

    def __init__(
        self,
        cases: RecentCases,
        rebuilt: RebuiltCases,
        editions: Editions,
        clock: Callable[[], datetime],
        *,
        limit: int = LIMIT,
    ) -> None:
        self._cases, self._rebuilt, self._editions = cases, rebuilt, editions
        self._clock, self._limit = clock, limit
        self._rows: OrderedDict[str, ChatRow] = OrderedDict()
        self._order: list[_Place] = []
        self._others: OrderedDict[str, None] = OrderedDict()  # not open, or not looked at yet
        self._changed: OrderedDict[str, None] = OrderedDict()
        self._ends: list[tuple[datetime, str]] = []  # in order: when which open chat changes by itself
        self._undecided: set[str] = set()  # of editions that were not known
        self._editions_known = 0
        self._untaken = 0
        self.watchers = Watchers()
        cases.on_forgotten = self._forget
        KEPT.set_function(self.__len__)

    def __len__(self) -> int:
        return len(self._rows) + len(self._others)

    @property
    def count(self) -> int:
        """How many are open, of those that were looked at."""
        return len(self._rows)

    @property
    def untaken(self) -> int:
        """How many of these nobody has taken."""
        return self._untaken

    @property
    def behind(self) -> int:
        """How many have to be looked at."""
        return len(self._changed)

    @property
    def ends(self) -> int:
        """How many of the open ones change by themselves."""
        return len(self._ends)

    def late(self, now: datetime) -> int:
        """How many of them are late."""
        return bisect_left(self._order, (False, now, ""))

    def shown(self, start: int, end: int) -> list[ChatRow]:
        """The open chats from one place to another, exclusive: the one first whose promise is due first."""
        return [self._rows[case_id] for _, _, case_id in self._order[start:end]]

    # What the topics say

    def routed(self, case: CaseRouted) -> None:
        """A request was decided. Where its edition is not known yet, it may be a chat."""
        if case.case_id not in self._rows and self._is_chat(case) is not False:
            self._look_again(case.case_id)

    def changed(self, case_id: str) -> None:
        """There is another record of a case."""
        if case_id in self._rows or case_id in self._others:
            self._look_again(case_id)

    def happened(self, event: EscalationEvent) -> None:
        """Escalation says that a case was closed, or is open again."""
        if isinstance(event, CaseClosed):
            self._forget(event.case_id)
        elif isinstance(event, CaseReopened):
            self._look_again(event.case_id)

    def clear(self) -> None:
        """Forget every chat."""
        for kept in (self._rows, self._order, self._others, self._changed, self._ends, self._undecided):
            kept.clear()
        self._untaken = 0
        self.watchers.notify(ANY)

    # What a reader needs

    async def refresh(self) -> None:
        """Look at the chats that have changed so far."""
        self._note_ends()
        self._note_editions()
        for number in range(1, len(self._changed) + 1):
            if not self._changed:  # another reader was faster
                return
            self._look_at(self._changed.popitem(last=False)[0])
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _note_ends(self) -> None:
        for _, case_id in self._ends[: bisect_right(self._ends, self._clock(), key=itemgetter(0))]:
            if case_id not in self._changed:
                self.changed(case_id)

    def _note_editions(self) -> None:
        if len(self._editions) != self._editions_known:
            self._editions_known = len(self._editions)
            for case_id in self._undecided:
                self._changed[case_id] = None
            self._undecided.clear()

    def _look_again(self, case_id: str) -> None:
        self._changed[case_id] = None
        if case_id not in self._rows:
            self._others[case_id] = None
            self._shrink()
        self.watchers.notify(ANY)

    def _look_at(self, case_id: str) -> None:
        """Work out what a chat amounts to now. One that cannot be a chat is forgotten."""
        if case_id not in self._rows and case_id not in self._others:
            return
        recent = self._cases.find(case_id)
        case = None if recent is None else recent.log.case
        is_chat = None if case is None else self._is_chat(case)
        if is_chat is False or not self._cases.count_of(case_id):
            self._forget(case_id)
            return
        if case is not None and is_chat is None:
            self._undecided.add(case_id)
        row = None
        if recent is not None and case is not None and is_chat:
            editions = self._editions.of_log(recent.log)
            rebuilt = self._rebuilt.find(recent.log, case, editions)
            row = row_of(recent.request, recent.log, recent.messages, editions, self._clock(), rebuilt)
        self._replace(case_id, row)

    def _is_chat(self, case: CaseRouted) -> bool | None:
        """Whether the edition of a case calls its channel a live chat; None while the edition is not known."""
        pinned = self._editions.pinned(case.policy_sha256)
        return None if pinned is None else pinned.edition.is_live_chat(case.assigned_channel)

    def _replace(self, case_id: str, row: ChatRow | None) -> None:
        self._take_out(case_id)
        if row is None:
            self._others[case_id] = None
            self._others.move_to_end(case_id)
            return
        self._others.pop(case_id, None)
        self._rows[case_id] = row
        insort(self._order, row.order)
        self._untaken += row.taken_by is None
        if row.changes_at is not None:
            insort(self._ends, (row.changes_at, case_id))

    def _take_out(self, case_id: str) -> None:
        row = self._rows.pop(case_id, None)
        if row is not None:
            del self._order[bisect_left(self._order, row.order)]
            self._untaken -= row.taken_by is None
            if row.changes_at is not None:
                del self._ends[bisect_left(self._ends, (row.changes_at, case_id))]

    def _forget(self, case_id: str) -> None:
        if case_id not in self._rows and case_id not in self._others:
            return
        self._take_out(case_id)
        self._others.pop(case_id, None)
        self._changed.pop(case_id, None)
        self._undecided.discard(case_id)
        self.watchers.notify(ANY)

    def _shrink(self) -> None:
        """Forget those that are too many. What was not looked at yet may be open, or not any more: look at a few."""
        looks = AT_ONCE
        while len(self) > self._limit:
            case_id = next(chain(self._others, self._changed if looks else (), self._rows))
            if looks and case_id in self._changed:
                looks -= 1
                del self._changed[case_id]
                self._look_at(case_id)
            else:
                self._forget(case_id)
