"""[pure] Caches a value computed from an edition, such as a lookup table of its rules."""

import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from shared.policy.model import Edition

T = TypeVar("T")


class PerEdition(Generic[T]):
    """The result of `compute` for each edition: computed at the first call, and kept as long as the edition exists.

    The key is the identity of the object: editions hold mappings, so they are not hashable, and an edited copy
    (`model_copy`) is another edition. `compute` gets a weak proxy of the edition: a value that kept the edition itself
    would never be dropped.
    """

    def __init__(self, compute: Callable[[Edition], T]) -> None:
        self._compute = compute
        self._known: dict[int, tuple[weakref.ref[Edition], T]] = {}

    def of(self, edition: Edition) -> T:
        """The value for `edition`."""
        known = self._known.get(id(edition))
        if known is not None and known[0]() is edition:
            return known[1]
        key = id(edition)
        value = self._compute(weakref.proxy(edition))
        self._known[key] = (weakref.ref(edition, lambda _: self._known.pop(key, None)), value)
        return value
