"""One suite for every state store: whatever it is made of, it behaves as a dict that has seen the changes in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.streams.state_store import StoreFactory, in_memory
from tests.harness.sqlite_store import on_sqlite

STORES: dict[str, StoreFactory] = {"in_memory": in_memory, "sqlite": on_sqlite}

keys = st.binary(min_size=1, max_size=4)
changes = st.lists(st.tuples(keys, st.none() | st.binary(max_size=8)), max_size=30)

every_store = pytest.mark.parametrize("make", STORES.values(), ids=STORES.keys())


@every_store
@given(batches=st.lists(changes, max_size=5))
def test_it_holds_what_the_changes_leave(make: StoreFactory, batches: list[list[tuple[bytes, bytes | None]]]) -> None:
    """The later change of a key wins; deleting a key that does not exist does nothing; an empty value is a value."""
    store, model = make("s", 0), dict[bytes, bytes]()
    used = {key for batch in batches for key, _ in batch}
    for batch in batches:
        store.apply(iter(batch))
        for key, value in batch:
            if value is None:
                model.pop(key, None)
            else:
                model[key] = value
        assert {key: store.get(key) for key in used} == {key: model.get(key) for key in used}
        assert len(store) == len(model)
        assert sorted(store.items()) == sorted(model.items())


@every_store
def test_it_has_its_name_and_begins_empty(make: StoreFactory) -> None:
    """The changelog's name is made from it; two stores of one name in two partitions share nothing."""
    first, second = make("cases", 0), make("cases", 1)
    first.apply([(b"k", b"v")])
    assert (first.name, second.name, len(second), second.get(b"k")) == ("cases", "cases", 0, None)
