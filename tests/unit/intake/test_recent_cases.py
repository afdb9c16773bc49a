"""The view of recent cases: a case is whole or not there, and all of them take no more than they may."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from services.intake.recent_cases import LARGEST, RecentCases
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import ActivityRecorded, Actor, Event
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, Topic
from shared.kafka import serde
from shared.kafka.record import Record
from tests.harness.asking import request
from tests.harness.decided import routed, started

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def _record(topic: Topic, case_id: str, event: Event, offset: int = 0) -> Record:
    envelope = serde.Envelope(f"e{offset}", "/test", type_of(event), NOW, case_id, None)
    output = serde.to_output(topic, case_id, envelope, wire.encode(event))
    return Record(topic.name, 0, offset, int(NOW.timestamp() * 1000), output.key, output.value, output.headers)


def _said(case_id: str, number: int, text: str = "It happens again.") -> ActivityRecorded:
    return ActivityRecorded(
        case_id=case_id,
        activity_id=f"a{number}",
        type="customer_replied",
        at=NOW + timedelta(minutes=number),
        recorded_at=NOW + timedelta(minutes=number),
        client="portal",
        actor=Actor(kind="customer", id="u1"),
        text=text,
    )


def test_a_case_has_its_request_its_decision_its_clocks_and_what_was_said() -> None:
    """In whatever order the topics were read."""
    view = RecentCases(1_000_000)
    view.take(_record(ESCALATIONS, "c1", started("c1", NOW)))
    view.take(_record(ACTIVITY, "c1", _said("c1", 1)))
    view.take(_record(ACTIVITY, "c1", _said("c1", 1), offset=1))  # read twice, or written twice
    assert view.find("c1") is None
    view.take(_record(CASES, "c1", routed("c1", NOW)))
    asked = replace(request(), request_id="c1")
    view.submitted(asked)
    view.submitted(replace(asked, subject="another"))
    found = view.find("c1")
    assert found is not None
    assert (found.request, len(found.log.events), len(found.messages)) == (asked, 1, 1)
    assert found.log.case is not None
    assert view.find("c2") is None


def test_the_oldest_cases_go_first() -> None:
    """The view takes as much as it may, and then forgets; whoever follows a forgotten case is told."""
    view = RecentCases(20_000)
    with view.watchers.watch("c0") as changed:
        view.submitted(replace(request(), request_id="c0"))
        changed.clear()
        for number in range(1, 100):
            view.submitted(replace(request(), request_id=f"c{number}"))
        assert changed.is_set()
    assert view.find("c0") is None
    assert view.find("c99") is not None
    assert 10 < len(view) < 40
    assert 10_000 < view.size <= 20_000


def test_visitors_do_not_drive_the_cases_of_customers_out() -> None:
    """Whoever is not signed in shares a quarter of the view."""
    view = RecentCases(40_000)
    view.submitted(replace(request(), request_id="customer"))
    for number in range(200):
        view.submitted(replace(request(), request_id=f"v{number}", authenticated_by="anonymous"))
        view.take(_record(CASES, f"v{number}", routed(f"v{number}", NOW)))
    assert view.find("customer") is not None
    assert view.find("v199") is not None
    assert view.size <= 14_000


def test_a_case_without_bounds_is_not_shown() -> None:
    """A runaway integration would take the place of all others."""
    view = RecentCases(100 * LARGEST)
    view.submitted(replace(request(), request_id="c1"))
    for number in range(LARGEST // 20_000 + 1):
        view.take(_record(ACTIVITY, "c1", _said("c1", number, "x" * 20_000), number))
    assert view.find("c1") is None
    assert view.size < 30_000


@pytest.mark.parametrize("budget", [0, 100])
def test_a_view_that_may_take_nothing_keeps_nothing(budget: int) -> None:
    """For an intake whose pages nobody opens."""
    view = RecentCases(budget)
    view.submitted(replace(request(), request_id="c1"))
    view.take(_record(CASES, "c1", routed("c1", NOW)))
    assert (len(view), view.size, view.find("c1")) == (0, 0, None)


def test_it_forgets_everything_of_another_kafka() -> None:
    """And tells whoever follows one of its cases."""
    view = RecentCases(1_000_000)
    view.submitted(replace(request(), request_id="c1"))
    with view.watchers.watch("c1") as changed:
        view.clear()
        assert changed.is_set()
    assert (len(view), view.size) == (0, 0)
