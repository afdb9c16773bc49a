"""[pure] Which cases are isolated, and when each of them is retried: an index, rebuilt from the stores.

The timer of an isolated case is that of its retry: an hour after it failed, or at once after a restart.
"""

from collections.abc import Mapping

from services.escalation import early_activity, isolation
from services.escalation.timer_index import Timers
from shared.business_time.instants import Micros, from_micros
from shared.sla import case_state, isolated_case
from shared.sla.isolated_case import IsolatedCase
from shared.streams.overlay import Overlay
from shared.streams.processor import Postponed


class IsolatedCases:
    """Keeps the index of isolated cases, and in `timers`, by store, the one timer of each case, isolated or not.

    Restored entries come store by store, those of isolated cases first, so that it is known whose timer is that of a
    retry. Call `start` before the first transaction begins.
    """

    def __init__(self, timers: Mapping[str, Timers]) -> None:
        self._started = False
        self._timers = timers
        self._cases: dict[bytes, IsolatedCase] = {}
        self._due: dict[bytes, Micros | None] = {}  # of the timers of these cases, as their state has them now
        self._retries: dict[bytes, Micros] = {}
        self._restored: dict[bytes, bytes] = {}  # entries that were restored and not retried since

    def start(self) -> None:
        """All is restored: the timer of each isolated case is that of its retry, which is due."""
        if self._started:
            return
        self._started = True
        for packed, case in self._cases.items():
            self._retries[packed] = case.since
            self._timers[case.store].changed(isolation.timer_key(case.store, packed), case.since)

    def earliest(self) -> Micros | None:
        """When to retry an isolated case, as long as the timers do not have it."""
        return None if self._started else min((case.since for case in self._cases.values()), default=None)

    def held(self, store: str, key: bytes, overlay: Overlay) -> IsolatedCase | None:
        """The isolated case whose timer is the entry `key` of `store`, if it is isolated."""
        value = overlay.get(isolated_case.STORE, isolation.key_of(store, key))
        case = None if value is None else isolated_case.decode(value)
        return case if case is not None and case.store == store else None

    def timer_of(self, store: str, key: bytes, overlay: Overlay) -> Micros | None:
        """When the entry `key` of `store` has to be looked at: its timer, or the retry of an isolated case."""
        packed = isolation.key_of(store, key)
        value = overlay.get(isolated_case.STORE, packed)
        if value is not None and isolated_case.decode(value).store == store:
            return self._retry_of(packed, value)
        return timer_of(store, key, overlay.get(store, key))

    def changed(self, store: str, key: bytes, value: bytes | None) -> None:
        """Follow a committed or restored change of a store."""
        if store == isolated_case.STORE:
            self._isolation_changed(key, value)
            return
        timers = self._timers.get(store)
        if timers is None or (store == early_activity.STORE and not early_activity.is_list(key)):
            return
        due, packed = timer_of(store, key, value), isolation.key_of(store, key)
        if packed in self._cases and self._cases[packed].store == store:
            self._due[packed] = due  # its timer is that of its retry
        else:
            timers.changed(key, due)

    def postponed(self) -> Postponed:
        """How many cases are isolated, and when the first of their timers was due."""
        due = [case.due for case in self._cases.values() if case.due]
        return Postponed(len(self._cases), from_micros(min(due)) if due else None)

    def count_overdue(self, now: Micros) -> int:
        """How many isolated cases had a timer due before `now`, and wait for their retry."""
        waiting = ((packed, case) for packed, case in self._cases.items() if 0 < case.due < now)
        return sum(self._retries.get(packed, 0) >= now for packed, _ in waiting)

    def _isolation_changed(self, packed: bytes, value: bytes | None) -> None:
        before, due = self._cases.pop(packed, None), self._due.pop(packed, None)
        self._restored.pop(packed, None)
        self._retries.pop(packed, None)
        if value is None:
            if before is not None:
                self._timers[before.store].changed(isolation.timer_key(before.store, packed), due)
            return
        if not self._started:
            self._cases[packed], self._restored[packed] = isolated_case.decode(value), value
            self._due[packed] = due
            return
        case = self._cases[packed] = isolated_case.decode(value)
        self._due[packed] = case.due or None
        retry = self._retries[packed] = self._retry_of(packed, value)
        timers, key = self._timers[case.store], isolation.timer_key(case.store, packed)
        timers.moving(key, case.due or None)
        timers.changed(key, retry)

    def _retry_of(self, packed: bytes, value: bytes) -> Micros:
        if self._restored.get(packed) == value:
            return isolated_case.decode(value).since  # has passed: at once
        return isolated_case.retry_at(value)


def timer_of(store: str, key: bytes, value: bytes | None) -> Micros | None:
    """The instant of the timer in a stored value, or None."""
    return case_state.due_of(value) if store == case_state.STORE else early_activity.due_of(key, value)
