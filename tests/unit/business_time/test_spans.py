"""Span arithmetic agrees with set arithmetic on points."""

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.business_time.spans import Span, clipped, merged, without

points = st.integers(min_value=-20, max_value=20)
spans = st.lists(st.tuples(points, points), max_size=6)


def inside(point: int, among: list[Span]) -> bool:
    """Whether a span covers [point, point + 1)."""
    return any(start <= point < end for start, end in among)


def is_merged(found: list[Span]) -> bool:
    """Sorted, not empty, not touching."""
    return all(a < b for a, b in found) and all(x[1] < y[0] for x, y in pairwise(found))


@settings(deadline=None)
@given(spans, spans, points, points)
@example([(-1, 1)], [], 0, 0)
def test_every_point_is_where_it_belongs(some: list[Span], holes: list[Span], a: int, b: int) -> None:
    """Merging keeps the points, clipping and `without` remove exactly the points outside or inside their arguments."""
    joined, cut = merged(some), merged(holes)
    low, high = min(a, b), max(a, b)
    assert is_merged(joined)
    assert is_merged(clipped(joined, low, high))
    for point in range(-21, 21):
        assert inside(point, joined) == inside(point, some)
        assert inside(point, clipped(joined, low, high)) == (inside(point, some) and low <= point < high)
        assert inside(point, without(joined, cut)) == (inside(point, some) and not inside(point, holes))
    assert all(start < end for start, end in without(joined, cut))
