"""The view of recent requests: bounded, compact, and the same whatever is read first."""

import asyncio
import gc
import itertools
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.editions import Editions
from services.intake.request_status import MAX_EARLY, MAX_EVENTS, RecentRequests
from shared.contracts.structs import PromisedMilestone
from tests.harness.asking import request
from tests.harness.decided import breached, closed, reopened, routed, started, warned
from tests.harness.shipped import shipped_library

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ID = "0" * 31 + "1"
EDITIONS = Editions(shipped_library("guidelines-2021"))


def _id(number: int) -> str:
    return f"{number:032x}"


def _submit(view: RecentRequests, request_id: str = ID, **given: object) -> None:
    view.submitted(request(request_id=request_id, received_at=NOW, **given))


def test_a_request_is_told_from_submission_to_breach() -> None:
    """What a client sees, in the order in which it came about."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    _submit(view)
    view.routed(routed(ID, NOW))
    view.happened(started(ID, NOW), 4)
    view.happened(warned(ID, NOW + timedelta(minutes=45)), 9)
    view.happened(breached(ID, NOW + timedelta(hours=1)), 11)
    status = view.status(ID)
    assert status is not None
    assert status.request["status"] == "routed"
    assert status.request["decision"]["priority"] == "P1"
    assert status.request["decision"]["milestones"]["restoration"]["due_at"] == NOW + timedelta(hours=4)
    assert [event.id for event in status.events] == ["submitted", "routed", "clock-4", "clock-9", "clock-11"]
    assert status.events[3].data["level"] == 0
    assert status.events[4].data["breached_at"] == NOW + timedelta(hours=1)


def test_nobody_else_s_words_and_internals_are_told() -> None:
    """No subject, no description, no offsets of ours, no ids of other things."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    _submit(view)
    view.routed(routed(ID, NOW))
    view.happened(warned(ID, NOW), 3)
    told = repr(view.status(ID))
    for hidden in ("Nobody can join", "Signed, a customer", "Calls drop", "caused_by", "generation", "observed_at"):
        assert hidden not in told


def test_the_order_in_which_topics_are_read_makes_no_difference() -> None:
    """Three topics are read side by side; the clocks' events keep their own order."""

    def clocks(view: RecentRequests) -> None:
        view.happened(started(ID, NOW), 1)
        view.happened(warned(ID, NOW), 2)

    steps: list[Callable[[RecentRequests], None]] = [_submit, lambda view: view.routed(routed(ID, NOW)), clocks]
    told = set()
    for order in itertools.permutations(steps):
        view = RecentRequests(10, EDITIONS.whole_decision)
        for step in order:
            step(view)
        told.add(repr(view.status(ID)))
    assert len(told) == 1


def test_reading_again_changes_nothing() -> None:
    """After an interruption, or where our own submission comes back from the topic."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    for _ in range(2):
        _submit(view)
        view.routed(routed(ID, NOW))
        view.happened(started(ID, NOW), 1)
        view.happened(warned(ID, NOW), 2)
    status = view.status(ID)
    assert status is not None
    assert len(status.events) == 4
    assert len(view) == 1


def test_the_first_submission_of_an_id_counts() -> None:
    """As it does for the router."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    _submit(view, channel="chat")
    _submit(view, channel="phone")
    status = view.status(ID)
    assert status is not None
    assert status.request["channel"] == "chat"


def test_the_oldest_are_forgotten_first() -> None:
    """The limit is a number of requests; what is forgotten is gone, later news of it included."""
    view = RecentRequests(3, EDITIONS.whole_decision)
    for number in range(5):
        _submit(view, _id(number))
    assert len(view) == 3
    assert [view.submitted_at(_id(number)) is None for number in range(5)] == [True, True, False, False, False]
    view.routed(routed(_id(0), NOW))
    view.happened(started(_id(0), NOW), 1)
    assert view.status(_id(0)) is None
    assert len(view) == 3


def test_news_of_requests_never_seen_are_kept_in_bounds() -> None:
    """After a restart, old cases go on making events whose submissions are out of reach."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    for number in range(3 * MAX_EARLY):
        view.happened(started(_id(number), NOW), number)
    assert len(view._early) == MAX_EARLY
    assert len(view) == 0


def test_a_request_keeps_its_newest_events() -> None:
    """Periodic updates of a case that stays open for weeks must not fill the memory."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    _submit(view)
    view.routed(routed(ID, NOW))
    for offset in range(MAX_EVENTS + 20):
        view.happened(started(ID, NOW), offset)
    status = view.status(ID)
    assert status is not None
    assert len(status.events) == 2 + MAX_EVENTS
    assert status.events[-1].id == f"clock-{MAX_EVENTS + 19}"


async def test_those_who_watch_are_told_of_every_change_and_of_the_end() -> None:
    """An event stream sleeps until something happens to its request, being forgotten included."""
    view = RecentRequests(1, EDITIONS.whole_decision)
    _submit(view)
    changes: list[Callable[[], None]] = [
        lambda: view.routed(routed(ID, NOW)),
        lambda: view.happened(started(ID, NOW), 1),
        lambda: _submit(view, _id(2)),
    ]
    with view.watchers.watch(ID) as changed:
        for change in changes:
            changed.clear()
            change()
            await asyncio.wait_for(changed.wait(), 1)
    assert not view.watchers._waiting


def test_a_decided_request_with_its_clocks_takes_less_than_a_kilobyte() -> None:
    """200,000 of them are kept in every instance of intake."""
    view, count = RecentRequests(100_000, EDITIONS.whole_decision), 2_000
    EDITIONS.whole_decision(routed(ID, NOW))  # makes the edition ready, which takes memory once
    gc.collect()
    tracemalloc.start()
    for number in range(count):
        _submit(view, _id(number), submission_digest=f"{number:064x}")
        view.routed(routed(_id(number), NOW))
        for offset in range(3):
            view.happened(started(_id(number), NOW), offset)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{size / count:.0f} bytes a request")
    assert size / count < 1_000


@pytest.mark.parametrize("decided", [False, True])
def test_an_undecided_request_has_no_decision(decided: bool) -> None:
    """Null, not half of one."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    _submit(view)
    if decided:
        view.routed(routed(ID, NOW))
    status = view.status(ID)
    assert status is not None
    assert (status.request["decision"] is not None) is decided
    assert status.request["status"] == ("routed" if decided else "submitted")


def test_a_decision_by_an_edition_that_comes_later_is_completed_then() -> None:
    """The edition is in another topic, and the marker of its transaction can arrive later than that of the case."""
    known: list[Editions] = []
    view = RecentRequests(10, lambda case: known[0].whole_decision(case) if known else None)
    _submit(view)
    view.routed(routed(ID, NOW))
    before = view.status(ID)
    known.append(EDITIONS)
    after = view.status(ID)
    assert before is not None
    assert after is not None
    for name in ("priority_reason", "phone_numbers", "notes"):
        assert before.request["decision"][name] is None
        assert after.request["decision"][name] is not None
    for name in ("priority", "assigned_channel", "assigned_tier", "needs_triage", "edition", "priority_rule"):
        assert before.request["decision"][name] == after.request["decision"][name]
    due = [status.request["decision"]["milestones"]["restoration"]["due_at"] for status in (before, after)]
    assert due == [NOW + timedelta(hours=4)] * 2
    assert after.request["decision"]["milestones"]["restoration"]["target_seconds"] == 14_400


def test_an_event_whose_milestones_are_not_those_of_its_edition_is_shown_all_the_same() -> None:
    """Anybody may write to the topic; a status that cannot be answered would hide the rest of it."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    _submit(view)
    view.routed(routed(ID, NOW, milestones={"resolution": PromisedMilestone(due_at=NOW)}))
    status = view.status(ID)
    assert status is not None
    assert status.request["decision"]["milestones"].keys() == {"first_response", "restoration"}


def test_a_closed_case_is_known_as_closed_until_it_is_reopened() -> None:
    """By the events of escalation, which knows what the statuses of the edition count as."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    _submit(view)
    view.routed(routed(ID, NOW))
    assert not view.is_closed(ID)
    view.happened(closed(ID, NOW), 3)
    for offset in range(4, 4 + MAX_EVENTS):
        view.happened(warned(ID, NOW), offset)
    assert view.is_closed(ID)
    view.happened(reopened(ID, NOW), 4 + MAX_EVENTS)
    assert not view.is_closed(ID)


def test_a_case_whose_closing_was_read_before_its_submission_is_closed() -> None:
    """Topics are read side by side, and a submission may be older than what is read after a restart."""
    view = RecentRequests(10, EDITIONS.whole_decision)
    view.happened(closed(ID, NOW), 3)
    assert view.is_closed(ID)
    _submit(view)
    assert view.is_closed(ID)


def test_nothing_is_known_of_a_case_that_is_not_in_the_view() -> None:
    """The view is of the most recent requests: what it does not know, it does not guess."""
    assert not RecentRequests(10, EDITIONS.whole_decision).is_closed(ID)
