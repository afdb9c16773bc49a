"""The parent chain of a trace survives every step."""

import pytest

from shared.contracts.trace_context import is_traceparent
from shared.observability import tracing

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_child_stays_in_the_trace_with_a_span_of_its_own() -> None:
    """Otherwise the way of a request through the services cannot be followed."""
    child = tracing.child(PARENT)
    assert is_traceparent(child)
    assert (child[:36], child[52:]) == (PARENT[:36], PARENT[52:])
    assert child[36:52] != PARENT[36:52]


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "",
        "nonsense",
        PARENT.upper(),
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        PARENT + "-more",
        PARENT + "\n",
    ],
)
def test_a_broken_parent_starts_a_new_trace(broken: str | None) -> None:
    """A client's mistake costs the link to its own trace, never the request."""
    child = tracing.child(broken)
    assert is_traceparent(child)
    assert child[3:35] != PARENT[3:35]


def test_a_later_version_may_carry_more() -> None:
    """W3C: a parser reads the fields it knows of a higher version."""
    assert tracing.child("01" + PARENT[2:] + "-future")[3:35] == PARENT[3:35]
