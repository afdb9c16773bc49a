"""Activity that waits for its case: what it takes, who may fill how much, and that it counts as if it came in time."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.escalation.early_activity import BUDGET, KEPT_FOR, Budget, bytes_of
from shared.business_time.instants import from_micros
from shared.contracts.structs import MilestoneTerms
from shared.contracts.topics import ACTIVITY
from shared.policy.digest import policy_sha256
from shared.sla import case_state
from shared.sla.fold import as_of
from shared.sla.packing import pack_id
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of
from shared.sla.sla_clock import clocks_of
from shared.sla.terms_in_force import view_of
from shared.streams.overlay import Overlay
from tests.harness.examples import examples
from tests.topology.escalation.desk import CASE, LIBRARY, TaskDesk, as_record, minutes

TEXT = "ñ" * 32_000  # 64 KB
TWO_KB = Budget(2_000, 1_000)


def taken(desk: TaskDesk, client: str = "") -> int:
    """The bytes of the budget that are taken, as the task counts them."""
    return bytes_of(Overlay(desk.driver.stores, now=desk.driver.now, partition=0), client)


def kept_bytes(desk: TaskDesk) -> int:
    """The bytes that the store has for what waits: all but the counts themselves."""
    entries = desk.driver.contents("early").items()
    return sum(len(key) + len(value) for key, value in entries if key[:1] != b"b")


def test_texts_are_not_kept() -> None:
    """1,500 activities of 64 KB took 132 KB of memory each, and 95 MB of the changelog."""
    desk = TaskDesk()
    desk.record_activity("status_changed", to="waiting_on_customer", text=TEXT, reason=TEXT, client="bob")
    assert kept_bytes(desk) < 500
    assert "ñ".encode() not in b"".join(desk.driver.contents("early").values())
    assert taken(desk) == taken(desk, "bob") >= kept_bytes(desk)


def test_beyond_the_budget_activity_is_dead_lettered_at_once_and_the_message_names_it() -> None:
    """A key that may report activity wrote to cases that do not exist, and filled the memory of all."""
    desk = TaskDesk(early_budget=TWO_KB)
    clients = 0
    while not desk.dead_letter_causes:
        desk.record_activity("agent_replied", f"{clients:032x}", client=f"client-{clients}")
        clients += 1
    (letter,) = desk.driver.dead_letters
    assert (letter.cause, letter.by_reference) == ("unknown_case", False)
    assert "more than the 2000 bytes that a task keeps" in letter.message
    assert kept_bytes(desk) <= taken(desk) <= 2_000


def test_one_client_fills_its_own_share_only() -> None:
    """Another client's quick reply waits as if nothing were the matter."""
    desk = TaskDesk(early_budget=TWO_KB)
    for number in range(20):
        desk.record_activity("agent_replied", f"{number:032x}", client="mallory")
    assert "client mallory would take more than the 1000 bytes" in desk.driver.dead_letters[-1].message
    before = len(desk.dead_letter_causes)
    desk.record_activity("agent_replied", client="alice")
    assert desk.opens()[-1] == "first_response fulfilled in time"
    assert len(desk.dead_letter_causes) == before


def test_all_of_the_budget_is_free_again_once_nothing_waits() -> None:
    """Whether the case came or not, across a restart: the count is state."""
    desk = TaskDesk(early_budget=TWO_KB)
    for _ in range(3):
        desk.record_activity("agent_replied")
        desk.record_activity("agent_replied", "b" * 32, client="other")
        desk.driver.restart()
        desk.opens(f"{len(desk.driver.produced):032x}")
        assert taken(desk) == taken(desk, "desk") + taken(desk, "other") > 0
        desk.passes(minutes(16))
        assert not len(desk.driver.stores["early"])


def test_records_of_one_slice_share_the_budget() -> None:
    """Up to 2,000 records are processed before any of them is committed."""
    desk = TaskDesk(early_budget=TWO_KB)
    records = []
    for number in range(20):
        case_id = f"{number:032x}"
        value, headers = as_record(ACTIVITY, case_id, desk.activity("agent_replied", case_id))
        records.append(desk.driver.record(ACTIVITY, case_id, value, headers))
    desk.driver.pipe_slice(records)
    assert 0 < kept_bytes(desk) <= taken(desk) <= 1_000


def test_the_budget_holds_a_rush_of_replies() -> None:
    """It bounds a flood; a backlog of the router of some minutes must fit."""
    desk = TaskDesk()
    desk.record_activity("agent_replied", text=TEXT)
    assert BUDGET.of_a_client // taken(desk) > 4_000


WITH_TEXTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("agent_replied", {}),
    ("customer_replied", {}),
    ("internal_note", {}),
    ("status_changed", {"to": "waiting_on_customer"}),
    ("status_changed", {"to": "waiting_on_customer", "until": timedelta(minutes=20)}),
    ("reprioritised", {"impact": "significant"}),
    (
        "reprioritised",
        {"milestones": {"restoration": MilestoneTerms(target_seconds=60, hours="elapsed", promise="objective")}},
    ),
    ("restored", {}),
    ("resolved", {}),
    ("reopened", {}),
    ("closed", {}),
    ("withdrawn", {}),
    ("entitlement_refreshed", {"plan": "premier"}),
    ("escalation_requested", {}),
    ("bot_replied", {}),
    ("assigned", {"to": "someone"}),
    ("handed_over", {"to": "tier2"}),
    ("acknowledged", {"milestone": "restoration"}),
    ("milestone_reached", {"milestone": "report"}),
    ("reply_retracted", {"retracts": "e" * 32}),
)


def _of(desk: TaskDesk, kind: str, how: dict[str, Any], **given: Any) -> Any:
    span = how.get("until")
    fields = how | ({"until": desk.driver.now + span} if isinstance(span, timedelta) else {})
    return desk.activity(kind, activity_id="a" * 32, **fields, **given)


@pytest.mark.parametrize(("kind", "how"), WITH_TEXTS)
def test_no_clock_and_no_event_needs_what_people_wrote(kind: str, how: dict[str, Any]) -> None:
    """So what waits may leave it in its topic: everything published and stored is the same with and without it."""
    outcomes = []
    for texts in ({}, {"text": "the server is on fire", "reason": "because"}):
        desk = TaskDesk()
        desk.opens(plan="premier_plus")
        desk.takes_activity(_of(desk, kind, how, **texts))
        desk.passes(timedelta(days=3))
        events = [(output.key, output.value) for output in desk.driver.outputs()]
        outcomes.append((events, desk.driver.contents("cases"), desk.dead_letter_causes))
    assert outcomes[0] == outcomes[1]


def test_another_content_under_the_id_of_what_waited_is_a_conflict() -> None:
    """The digest of what was sent is kept, though its texts are not."""
    desk = TaskDesk()
    desk.record_activity("agent_replied", activity_id="t1", activity_digest="one", text="one")
    desk.record_activity("agent_replied", activity_id="t1", activity_digest="two", text="two")
    desk.opens()
    desk.record_activity("agent_replied", activity_id="t1", activity_digest="one", text="one")
    desk.record_activity("agent_replied", activity_id="t1", activity_digest="three", text="three")
    assert desk.dead_letter_causes == ["conflict"] * 2
    assert [letter.by_reference for letter in desk.driver.dead_letters] == [True, False]


def test_the_events_of_what_waited_belong_to_its_trace() -> None:
    """As those of an activity that came in time."""
    trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    desk = TaskDesk()
    value, headers = as_record(ACTIVITY, CASE, desk.activity("agent_replied"))
    own = tuple((name, trace.encode() if name == "traceparent" else data) for name, data in headers)
    desk.driver.pipe(ACTIVITY, CASE, value, own)
    desk.opens()
    traces = {event.TYPE: envelope.traceparent for envelope, event in desk.events()}
    assert traces["frontline.clock.fulfilled.v1"] == trace
    assert traces["frontline.clock.started.v1"] != trace


PINNED = PinnedEdition(policy_sha256(LIBRARY.editions[0]), LIBRARY.editions[0])
EDITIONS = KnownEditions({short_of(PINNED.sha256): PINNED})

happened = st.lists(
    st.tuples(
        st.integers(0, 14),  # minutes after the submission
        st.sampled_from(
            [
                ("agent_replied", {}),
                ("customer_replied", {}),
                ("restored", {}),
                ("resolved", {}),
                ("reopened", {}),
                ("closed", {}),
                ("status_changed", {"to": "waiting_on_customer"}),
                ("status_changed", {"to": "open"}),
                ("reprioritised", {"fields": {"impact": "significant"}}),
                ("reprioritised", {"fields": {"workaround": "partial"}}),
                ("entitlement_refreshed", {"plan": "premier"}),
            ]
        ),
    ),
    max_size=7,
)


@settings(max_examples=examples(25), deadline=None)
@given(happened=happened, data=st.data())
def test_any_interleaving_of_a_case_and_its_activity_gives_the_same_clocks(
    happened: list[tuple[int, tuple[str, dict[str, Any]]]], data: st.DataObject
) -> None:
    """Whichever topic was faster: the promises are those of what happened, by its instants."""
    opened = TaskDesk().driver.now
    order = data.draw(st.permutations(range(len(happened))))
    position = data.draw(st.integers(0, len(happened)))
    restarts = data.draw(st.booleans())
    clocks = {}
    for name, sequence, place in (("in time", range(len(happened)), 0), ("early", order, position)):
        desk = TaskDesk()
        case = desk.case(plan="premier_plus", received_at=opened)
        desk.passes(minutes(14))
        for turn in range(len(happened) + 1):
            if turn == place:
                desk.takes_case(case)
                if restarts:
                    desk.driver.restart()
            if turn < len(happened):
                after, (kind, how) = happened[sequence[turn]]
                moment = opened + minutes(after)
                desk.takes_activity(
                    desk.activity(
                        kind, at=moment, recorded_at=moment, activity_id=f"{sequence[turn]:032x}", text=TEXT[:9], **how
                    )
                )
        assert desk.dead_letter_causes == []
        clocks[name] = _clocks(desk)
    assert clocks["early"] == clocks["in time"]


def _clocks(desk: TaskDesk) -> list[tuple[object, ...]]:
    state = case_state.decode(desk.driver.stores["cases"].get(pack_id(CASE)) or b"")
    case = view_of(state, EDITIONS)
    found = as_of(clocks_of(case.policy, case.clocks), case.clocks.opened_at + 10**12)
    return [
        (each.milestone, each.instance, each.started_at, each.stage, each.since, each.due_at, each.breached_at)
        for each in found
    ]


def test_what_waits_is_kept_for_fifteen_minutes() -> None:
    """As the documentation says."""
    assert from_micros(KEPT_FOR) - from_micros(0) == minutes(15)
