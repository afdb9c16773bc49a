"""The total order at equal instants: start, new terms, resume, pause, stop, cancel; then the activity's id."""

from itertools import permutations

import pytest

from shared.contracts.vocabulary import ActivityType
from shared.sla.clock import Activity, CasePolicy
from shared.sla.fold import fold, folded
from tests.harness.desk import minute, terms
from tests.harness.shipped import shipped_rules

POLICY = CasePolicy(
    {
        "first_response": terms(60, paused_by=["on_hold"]),
        "next_response": terms(60, paused_by=["on_hold"]),
        "resolution": terms(600, paused_by=["on_hold", "resolved"]),
    },
    None,
    shipped_rules(),
)
Simultaneous = list[tuple[ActivityType, str | None]]


@pytest.mark.parametrize(
    ("together", "stages"),
    [
        pytest.param(
            [("customer_replied", None), ("agent_replied", None)],
            ("fulfilled", "fulfilled", "running"),
            id="a message and its answer: it is answered",
        ),
        pytest.param(
            [("status_changed", "on_hold"), ("status_changed", "open")],
            ("paused", None, "paused"),
            id="resume before pause: it is paused",
        ),
        pytest.param(
            [("status_changed", "on_hold"), ("agent_replied", None)],
            ("fulfilled", None, "paused"),
            id="pause before stop: it is stopped",
        ),
        pytest.param(
            [("agent_replied", None), ("closed", None)],
            ("fulfilled", None, "cancelled"),
            id="stop before cancel: what was answered was answered",
        ),
        pytest.param(
            [("resolved", None), ("reopened", None)],
            ("running", None, "fulfilled"),
            id="resume before stop: it is resolved",
        ),
        pytest.param(
            [("resolved", None), ("customer_replied", None), ("withdrawn", None)],
            ("cancelled", "cancelled", "fulfilled"),
            id="start, stop, cancel",
        ),
    ],
)
def test_what_happens_at_once_has_one_order_whoever_speaks_first(
    together: Simultaneous, stages: tuple[str | None, ...]
) -> None:
    """Neither arrival nor id decides between kinds, so every reader of the log gets the same clocks."""
    for order in permutations(together):
        history = [Activity(minute(10), kind, str(n), to) for n, (kind, to) in enumerate(order)]
        found = {clock.milestone: clock.stage for clock in fold(POLICY, minute(0), "open", history)}
        assert tuple(found.get(m) for m in ("first_response", "next_response", "resolution")) == stages


def test_within_a_kind_the_id_decides() -> None:
    """Two re-prioritisations in one instant: the one with the later id is the last word."""
    first = Activity(minute(10), "reprioritised", "a", None, {"resolution": terms(60)})
    second = Activity(minute(10), "reprioritised", "b", None, {"resolution": terms(120)})
    for history in ([first, second], [second, first]):
        [clock] = [c for c in fold(POLICY, minute(0), "open", history) if c.milestone == "resolution"]
        assert clock.due_at == minute(120)


def test_new_terms_hold_for_what_stops_in_the_same_instant() -> None:
    """The stop is judged by the terms of its instant."""
    history = [
        Activity(minute(50), "agent_replied", "a"),
        Activity(minute(50), "reprioritised", "b", None, {"first_response": terms(40)}),
    ]
    clock = fold(POLICY, minute(0), "open", history)[0]
    assert (clock.stage, clock.breached_at) == ("fulfilled", minute(40))


@pytest.mark.parametrize("next_id", ["a", "x", "x-", "x~", "y", "\U0010ffff"])
def test_a_status_that_ends_by_itself_ends_behind_the_next_one_of_that_instant(next_id: str) -> None:
    """Whatever the ids are: the next status takes its place, and the case is not open in between."""
    first = Activity(minute(10), "status_changed", "x" if next_id != "x" else "w", "on_hold", until=minute(20))
    then = Activity(minute(20), "status_changed", next_id, "with_the_vendor")
    case = folded(POLICY, minute(0), "open", [first, then])
    assert [change.status for change in case.statuses] == ["open", "on_hold", "with_the_vendor"]
