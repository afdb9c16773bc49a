"""The index of isolated cases is rebuilt from changelogs that are read side by side."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from services.escalation.edition_store import EditionStore
from services.escalation.topology import EscalationTopology
from shared.business_time.instants import from_micros, to_micros
from shared.sla import isolated_case
from shared.sla.isolated_case import IsolatedCase
from shared.sla.packing import pack_id
from shared.streams.overlay import Overlay
from shared.streams.state_store import InMemoryStore
from tests.topology.escalation.desk import LIBRARY

CASE = pack_id("a" * 32)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIRST, SECOND = to_micros(NOW - timedelta(hours=3)), to_micros(NOW + timedelta(hours=3))
SINCE, RETRY = to_micros(NOW - timedelta(hours=2)), to_micros(NOW + timedelta(minutes=20))
HELD = isolated_case.encode(IsolatedCase("cases", FIRST, SINCE, "ValueError"), RETRY)


def _topology() -> EscalationTopology:
    return EscalationTopology(EditionStore(LIBRARY), partitions=6, trace=lambda _: "")


ORDERS = sorted({"".join(order) for order in permutations("cii")})


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("still", [True, False])
def test_in_whatever_order_the_stores_are_restored_the_timer_is_the_last_one(order: str, still: bool) -> None:
    """A case was isolated, and went on, perhaps to be isolated again: no past timer hides the one that counts.

    The index is filled from the stores, then the tails of their changelogs follow, read side by side.
    """
    tails: dict[str, list[tuple[str, bytes | None]]] = {
        "c": [("cases", state_due(SECOND))],
        "i": [(isolated_case.STORE, None), (isolated_case.STORE, HELD if still else None)],
    }
    topology = _topology()
    values: dict[str, bytes | None] = {isolated_case.STORE: HELD, "cases": state_due(FIRST)}
    for store, value in values.items():
        topology.store_changed(store, CASE, value)
    assert topology.next_due() == from_micros(SINCE)
    for which in order:
        store, value = tails[which].pop(0)
        topology.store_changed(store, CASE, value)
        values[store] = value
    due = SINCE if still else SECOND
    first = topology.next_due()
    assert first is not None
    assert first <= from_micros(due)  # an entry that is no timer may be looked at, and is passed over
    assert topology.postponed().timers == still
    stores = {name: InMemoryStore(name) for name in topology.stores}
    for name, value in values.items():
        stores[name].apply([(CASE, value)])
    for late, expected in ((NOW, [SINCE] if still else []), (NOW + timedelta(hours=4), [due])):
        for _ in range(2):  # the first transaction is aborted
            timers = topology.due_timers(Overlay(stores, now=late, partition=0))
            assert [timer.due for timer in timers] == expected


def state_due(at: int) -> bytes:
    """A state whose timer is due at `at`, as far as the index reads it."""
    return at.to_bytes(8, "big") + b".."
