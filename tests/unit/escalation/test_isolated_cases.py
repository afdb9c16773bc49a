"""The index of isolated cases is rebuilt from changelogs that are read side by side."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from services.escalation import isolation
from services.escalation.edition_store import EditionStore
from services.escalation.isolation import IsolatedCase
from services.escalation.topology import EscalationTopology
from shared.business_time.instants import to_micros
from shared.sla.packing import pack_id
from shared.streams.overlay import Overlay
from shared.streams.state_store import InMemoryStore
from tests.topology.escalation.desk import LIBRARY

CASE = pack_id("a" * 32)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIRST, SECOND = to_micros(NOW - timedelta(hours=3)), to_micros(NOW + timedelta(hours=3))
SINCE, RETRY = to_micros(NOW - timedelta(hours=2)), to_micros(NOW + timedelta(minutes=20))
HELD = isolation.encode(IsolatedCase("cases", FIRST, SINCE, "ValueError"), RETRY)


def _topology() -> EscalationTopology:
    return EscalationTopology(EditionStore(LIBRARY), partitions=6, trace=lambda _: "")


ORDERS = sorted({"".join(order) for order in permutations("cciii")})


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("still", [True, False])
def test_in_whatever_order_the_stores_are_restored_the_timer_is_the_last_one(order: str, still: bool) -> None:
    """A case was isolated, and went on, perhaps to be isolated again: no past timer hides the one that counts."""
    changes: dict[str, list[tuple[str, bytes | None]]] = {
        "c": [("cases", at.to_bytes(8, "big") + b"..") for at in (FIRST, SECOND)],
        "i": [(isolation.STORE, value) for value in (HELD, None, HELD if still else None)],
    }
    topology = _topology()
    values: dict[str, bytes | None] = {}
    for which in order:
        store, value = changes[which].pop(0)
        topology.store_changed(store, CASE, value)
        values[store] = value
    due = SINCE if still else SECOND
    assert topology.next_due() == datetime.fromtimestamp(due / 1e6, UTC)
    assert topology.postponed().timers == still
    stores = {name: InMemoryStore(name) for name in topology.stores}
    for name, value in values.items():
        stores[name].apply([(CASE, value)])
    for late, expected in ((NOW, [SINCE] if still else []), (NOW + timedelta(hours=4), [due])):
        timers = topology.due_timers(Overlay(stores, now=late, partition=0))
        assert [timer.due for timer in timers] == expected
