"""[pure] Arithmetic on sorted lists of half-open spans [start, end) of whole numbers."""

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same points as sorted, disjoint, non-empty spans; adjacent spans are joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def clipped(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """The part of merged `spans` inside [start, end); empty if [start, end) is."""
    if start >= end:
        return []
    return [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]


def without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """The points of merged `spans` outside the merged `holes`."""
    if not holes:
        return list(spans)
    left: list[Span] = []
    first = 0
    for start, end in spans:
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        at = start
        for hole_start, hole_end in holes[first:]:
            if hole_start >= end:
                break
            if hole_start > at:
                left.append((at, hole_start))
            at = hole_end
            if at >= end:
                break
        if at < end:
            left.append((at, end))
    return left


def common(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """The points in both; each is sorted and disjoint."""
    return [(max(a, c), min(b, d)) for a, b in spans for c, d in others if a < d and c < b]
