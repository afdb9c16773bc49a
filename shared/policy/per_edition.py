"""[pure] Tables worked out once for an edition: the rules are read often, the hot path looks answers up."""

import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

from shared.policy.model import Edition

T = TypeVar("T")


class PerEdition(Generic[T]):
    """What `work_out` says of an edition, worked out at the first question and kept for as long as the edition is.

    Kept by the identity of the object: editions hold mappings, so they have no hash, and an edited copy
    (`model_copy`) is another edition.
    """

    def __init__(self, work_out: Callable[[Edition], T]) -> None:
        self._work_out = work_out
        self._known: dict[int, tuple[weakref.ref[Edition], T]] = {}

    def of(self, edition: Edition) -> T:
        """The table of `edition`."""
        known = self._known.get(id(edition))
        if known is not None and known[0]() is edition:
            return known[1]
        key = id(edition)
        value = self._work_out(edition)
        self._known[key] = (weakref.ref(edition, lambda _: self._known.pop(key, None)), value)
        return value
