"""A case has no room for everything, but always for its timers, its resolution and its end."""

from datetime import timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.structs import MilestoneTerms
from shared.policy.digest import policy_sha256
from shared.sla import case_state
from shared.sla.case import KEPT_FOR_THE_END, MAX_ACTIVITIES, MAX_STATE_BYTES
from shared.sla.case_state import StoredActivity
from shared.sla.packing import pack_id
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of
from shared.sla.sla_clock import unchanged
from shared.sla.terms_in_force import view_of
from shared.streams.task_state import OFFSETS_KEY
from tests.harness.examples import examples
from tests.topology.escalation.desk import CASE, LIBRARY, TaskDesk, minutes

MILESTONES = ("restoration", "resolution", "periodic_update", "first_response", "next_response")
DAY = timedelta(days=1)
BEFORE_THE_END = MAX_STATE_BYTES - KEPT_FOR_THE_END


def size(desk: TaskDesk) -> int:
    """The bytes of the stored case."""
    return len(desk.driver.stores["cases"].get(pack_id(CASE)) or b"")


def large_terms(number: int, statuses: int) -> dict[str, MilestoneTerms]:
    """Terms of every milestone, paused by so many statuses of 240 bytes."""
    paused_by = tuple(f"{number:04}{place:02}".ljust(60, "\U0001f4a4") for place in range(statuses))
    terms = MilestoneTerms(target_seconds=3_600, hours="elapsed", promise="objective", paused_by=paused_by)
    return dict.fromkeys(MILESTONES, terms)


@cache
def _filled() -> dict[str, dict[bytes, bytes]]:
    """The changelogs of a task with one case, whose terms have changed until not even a reply fits."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    number = 0
    for statuses in (19, 5, 2, 1, 0):
        refused = len(desk.dead_letter_causes)
        while len(desk.dead_letter_causes) == refused:
            desk.record_activity("reprioritised", milestones=large_terms(number, statuses))
            number += 1
    while "case_too_large" not in desk.dead_letter_causes[5:]:
        desk.record_activity("agent_replied")
    assert set(desk.dead_letter_causes) == {"case_too_large"}
    return desk.driver.changelogs


def full() -> TaskDesk:
    """A case without room for more than its end."""
    desk = TaskDesk()
    for name, kept in _filled().items():  # all but the positions: the log of this task is another one
        desk.driver.changelogs[name] = {key: value for key, value in kept.items() if key != OFFSETS_KEY}
    desk.driver.restart()
    desk.record_activity("reprioritised", milestones=large_terms(0, 0), activity_id="f" * 32)
    desk.activity_ids_from(1_000)
    return desk


def test_what_makes_a_case_too_large_is_dead_lettered_and_its_clocks_run_on() -> None:
    """One case with large terms stopped a sixth of all clocks for good: the next timer did not fit the changelog."""
    desk = full()
    assert set(desk.dead_letter_causes) == {"case_too_large"}
    assert BEFORE_THE_END - 60 < size(desk) <= BEFORE_THE_END
    letter = desk.driver.dead_letters[-1]
    assert str(BEFORE_THE_END) in letter.message
    assert "\U0001f4a4" not in letter.message
    assert [word for word in desk.passes(DAY) if word == "restoration breached"]
    assert size(desk) <= MAX_STATE_BYTES


def test_a_case_without_room_is_still_resolved_and_closed() -> None:
    """Else nobody could stop its clocks."""
    desk = full()
    before = len(desk.dead_letter_causes)
    assert "resolution fulfilled in time" in desk.record_activity("resolved")
    assert desk.record_activity("closed") != []
    assert len(desk.dead_letter_causes) == before
    assert BEFORE_THE_END < size(desk) <= MAX_STATE_BYTES


@pytest.mark.parametrize("end", ["resolved", "closed", "withdrawn"])
def test_an_end_that_changes_nothing_takes_no_room(end: str) -> None:
    """Else a client that repeats it fills what is kept for the first one of another case."""
    desk = full()
    desk.record_activity(end)
    before, causes = size(desk), len(desk.dead_letter_causes)
    for _ in range(3):
        desk.record_activity(end)
    assert desk.dead_letter_causes[causes:] == ["case_too_large"] * 3
    assert size(desk) == before


def test_a_case_with_as_much_activity_as_it_may_have_is_still_resolved_and_closed() -> None:
    """The number of activities is a bound like that of bytes."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    key = pack_id(CASE)
    stored = desk.driver.changelogs["cases"][key]
    state = case_state.decode(stored)
    state.activities = [StoredActivity(number, 2, b"%d" % number, b"") for number in range(MAX_ACTIVITIES)]
    desk.driver.changelogs["cases"][key] = case_state.encode(state, case_state.due_of(stored))
    desk.driver.restart()
    desk.record_activity("customer_replied")
    assert "restoration fulfilled in time" in desk.record_activity("resolved")
    desk.record_activity("resolved")
    desk.record_activity("closed")
    assert desk.dead_letter_causes == ["too_much_activity"] * 2


def test_terms_of_an_activity_that_changes_none_are_not_stored() -> None:
    """Anybody may write to the topic: an end with a megabyte of terms must fit into what is kept for it."""
    desk = TaskDesk()
    desk.opens()
    desk.record_activity("closed", milestones=large_terms(0, 20), impact="down")
    assert size(desk) < 1_000


happenings = st.lists(
    st.one_of(
        st.tuples(st.just("passes"), st.integers(1, 90)),
        st.tuples(st.sampled_from(["customer_replied", "agent_replied", "restored", "reopened"]), st.none()),
        st.tuples(st.sampled_from(["resolved", "closed", "withdrawn"]), st.integers(0, 30)),
        st.tuples(st.just("status_changed"), st.sampled_from(["waiting_on_customer", "open", "resolved", "closed"])),
        st.tuples(st.just("until"), st.sampled_from(["waiting_on_customer", "resolved"])),
        st.tuples(st.just("reprioritised"), st.integers(0, 3)),
        st.tuples(st.just("acknowledged"), st.sampled_from(MILESTONES)),
    ),
    max_size=14,
)


def _happen(desk: TaskDesk, kind: str, how: object) -> None:
    now = desk.driver.now
    if kind == "passes":
        assert isinstance(how, int)
        desk.passes(minutes(how))
    elif kind == "reprioritised":
        assert isinstance(how, int)
        desk.record_activity(kind, milestones=large_terms(9_000, how))
    elif kind == "status_changed":
        desk.record_activity(kind, to=how)
    elif kind == "until":
        desk.record_activity("status_changed", to=how, until=now + minutes(20))
    elif kind == "acknowledged":
        desk.record_activity(kind, milestone=how)
    elif isinstance(how, int):  # an end that became known late
        desk.record_activity(kind, at=now - min(minutes(how), now - OPENED))
    else:
        desk.record_activity(kind)


def with_room(freed: int) -> TaskDesk:
    """A case whose latest changes of terms, so many of them, did not happen."""
    desk = full()
    key = pack_id(CASE)
    stored = desk.driver.changelogs["cases"][key]
    state = case_state.decode(stored)
    state.activities = state.activities[: len(state.activities) - freed]
    desk.driver.changelogs["cases"][key] = case_state.encode(state, case_state.due_of(stored))
    desk.driver.restart()
    return desk


OPENED = TaskDesk().driver.now
PINNED = PinnedEdition(policy_sha256(LIBRARY.editions[0]), LIBRARY.editions[0])
EDITIONS = KnownEditions({short_of(PINNED.sha256): PINNED})


def _status_kind(desk: TaskDesk) -> str:
    case = view_of(case_state.decode(desk.driver.stores["cases"].get(pack_id(CASE)) or b""), EDITIONS)
    return unchanged(case.policy, case.clocks).status.counts_as


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(freed=st.integers(0, 5), happened=happenings)
def test_whatever_happens_to_a_case_its_timers_its_resolution_and_its_end_fit(
    freed: int, happened: list[tuple[str, object]]
) -> None:
    """No sequence of valid activities makes a state that these cannot be added to."""
    desk = with_room(freed)
    for kind, how in happened:
        _happen(desk, kind, how)
        assert size(desk) <= MAX_STATE_BYTES
    desk.passes(minutes(30))  # a status that ends by itself has ended
    for end in ("resolved", "closed"):
        causes = len(desk.dead_letter_causes)
        before = _status_kind(desk)
        desk.record_activity(end)
        assert _status_kind(desk) == ("closed" if before == "closed" else end)
        if before != _status_kind(desk):
            assert len(desk.dead_letter_causes) == causes
        desk.passes(DAY)
        assert size(desk) <= MAX_STATE_BYTES
