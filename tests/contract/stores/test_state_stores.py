"""One suite for every state store: whatever it is made of, it behaves as a dict that has seen the changes in order."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.streams.state_store import InMemoryStore, StateStore

STORES: dict[str, Callable[[str], StateStore]] = {"in_memory": InMemoryStore}

keys = st.binary(min_size=1, max_size=4)
changes = st.lists(st.tuples(keys, st.none() | st.binary(max_size=8)), max_size=30)

make = pytest.mark.parametrize("make", STORES.values(), ids=STORES.keys())


@make
@given(batches=st.lists(changes, max_size=5))
def test_it_holds_what_the_changes_leave(
    make: Callable[[str], StateStore], batches: list[list[tuple[bytes, bytes | None]]]
) -> None:
    """The later change of a key wins; deleting what is not there does nothing; an empty value is a value."""
    store, model = make("s"), dict[bytes, bytes]()
    for batch in batches:
        store.apply(iter(batch))
        for key, value in batch:
            if value is None:
                model.pop(key, None)
            else:
                model[key] = value
        assert dict(store.items()) == model
        assert len(store) == len(model)
        assert all(store.get(key) == model.get(key) for key, _ in batch)


@make
def test_it_has_its_name(make: Callable[[str], StateStore]) -> None:
    """The changelog's name is made from it."""
    assert make("cases").name == "cases"


@make
def test_iterating_is_not_disturbed_by_changes(make: Callable[[str], StateStore]) -> None:
    """A walk over the store shows it as it was when the walk began."""
    store = make("s")
    store.apply([(bytes([n]), b"v") for n in range(10)])
    walk = store.items()
    first = next(walk)
    store.apply([(bytes([n]), None) for n in range(10)])
    assert len({first, *walk}) == 10
