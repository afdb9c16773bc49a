"""A task that is killed and taken over says the same as one that never was: nothing twice, nothing lost."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.escalation.edition_store import EditionStore
from services.escalation.topology import EscalationTopology
from shared.contracts.topics import CASES
from shared.streams.overlay import Overlay
from shared.streams.state_store import StoreFactory, in_memory
from shared.streams.task_state import TIMERS_PER_SLICE
from tests.harness.examples import examples
from tests.harness.processors import fire_due
from tests.harness.sqlite_store import on_sqlite
from tests.topology.escalation.desk import LIBRARY, TaskDesk, as_record, minutes

TICK = timedelta(microseconds=1)
CASE_IDS = tuple(f"{number:032x}" for number in range(3))

# What happens next: a case opens, somebody does something to it, or time goes by.
opening = st.fixed_dictionaries(
    {
        "case": st.sampled_from(CASE_IDS),
        "plan": st.sampled_from(["premier", "premier_plus", "premier_plus", "access"]),
        "impact": st.sampled_from(["down", "down", "significant", "general"]),
        "minutes_ago": st.integers(0, 120),
    }
)
activity = st.fixed_dictionaries(
    {
        "case": st.sampled_from(CASE_IDS),
        "kind": st.sampled_from(
            ["agent_replied", "customer_replied", "internal_note", "restored", "resolved", "reopened", "closed"]
        ),
        "minutes_ago": st.integers(0, 90),
        "busy": st.sampled_from([0, 0, 5, 61]),
    }
)
status = st.fixed_dictionaries(
    {"case": st.sampled_from(CASE_IDS), "to": st.sampled_from(["open", "waiting_on_customer", "resolved"])}
)
claim = st.fixed_dictionaries(
    {"case": st.sampled_from(CASE_IDS), "claim": st.sampled_from(["down", "significant", "general"])}
)
time = st.fixed_dictionaries({"minutes": st.integers(1, 600)})
histories = st.lists(st.one_of(opening, activity, status, claim, time), min_size=3, max_size=25)


@pytest.mark.parametrize("make_store", [in_memory, on_sqlite])
@settings(max_examples=examples(25), deadline=None)
@given(histories, st.data())
def test_restarts_change_nothing_of_what_is_published(
    make_store: StoreFactory, history: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Whatever happened, wherever the task was killed or its transaction aborted, and whatever keeps its state: the
    same events, in the same order.
    """
    undisturbed, disturbed = TaskDesk(), TaskDesk(make_store=make_store)
    for step in history:
        happens(undisturbed, step)
        trouble = data.draw(st.sampled_from(["", "kill", "abort"]))
        disturbed.aborts = trouble == "abort"
        if trouble == "kill":
            disturbed.driver.restart()
        happens(disturbed, step)
        assert disturbed.driver.processor.next_due() == undisturbed.driver.processor.next_due()
    assert published(disturbed) == published(undisturbed)
    assert disturbed.dead_letter_causes == undisturbed.dead_letter_causes


@settings(max_examples=examples(30), deadline=None)
@given(histories)
def test_a_single_event_is_published_once_and_never_early(history: list[dict[str, Any]]) -> None:
    """One breach, one warning and one of each level for a clock, levels ascending, none before its time."""
    desk = TaskDesk()
    for step in history:
        happens(desk, step)
    desk.passes(timedelta(days=40))
    reached: dict[tuple[str, str, int], list[int]] = {}
    breached: list[tuple[str, str, int]] = []
    identities = []
    for envelope, event in desk.events():
        identities.append(envelope.identity)
        if event.TYPE.startswith("frontline.case."):
            continue
        clock = (event.case_id, event.milestone, event.instance)
        assert event.at <= event.observed_at
        if event.TYPE.endswith("breached.v1"):
            breached.append(clock)
        if event.TYPE.startswith("frontline.escalation.") or event.TYPE.endswith("warned.v1"):
            assert event.at < event.observed_at
            reached.setdefault(clock, []).append(event.level)
            if event.TYPE.startswith("frontline.escalation."):
                assert clock in breached
    assert len(set(identities)) == len(identities)
    assert len(set(breached)) == len(breached)
    assert all(levels == sorted(set(levels)) for levels in reached.values())


def test_an_aborted_transaction_fires_again() -> None:
    """A processor that is asked again, after the answer of a commit was lost, still knows every timer."""
    desk = TaskDesk()
    desk.opens()
    desk.passes(minutes(45))
    now = desk.driver.now + minutes(16)
    processor, stores = desk.driver.processor, desk.driver.stores
    for _ in range(2):
        aborted = Overlay(stores, now=now, partition=0)
        assert fire_due(processor, aborted, TIMERS_PER_SLICE) == 2
        assert len(aborted.outputs) == 3
    assert desk.passes(minutes(16)) == [
        "first_response warned 0 case_tier",
        "first_response breached",
        "first_response raised 1 tier2",
    ]


def test_a_limit_is_kept_and_the_rest_fires_in_the_next_slice() -> None:
    """However much is due at once, a transaction stays small, and records have their turn in between."""
    desk = TaskDesk()
    for number in range(5):
        desk.opens(f"{number:032x}")
    later = desk.driver.now + timedelta(hours=3)
    processor, stores = desk.driver.processor, desk.driver.stores
    overlay = Overlay(stores, now=later, partition=0)
    assert fire_due(processor, overlay, 7) == 7
    published = desk.in_words(overlay.outputs)
    assert published.count("first_response warned 0 case_tier") == 5
    assert published.count("first_response breached") == 2


def test_a_herd_that_is_due_in_one_instant_drains_in_slices() -> None:
    """Ten thousand cases due in the same microsecond: each fires once, and none is left behind."""
    desk = TaskDesk()
    number = 10_000
    template = msgspec.json.decode(as_record(CASES, "x", desk.case("x"))[0])
    _, headers = as_record(CASES, "x", desk.case("x"))
    ids = [f"{n:032x}" for n in range(number)]
    for start in range(0, number, 1_000):
        desk.driver.pipe_slice(
            [
                desk.driver.record(
                    CASES, case_id, msgspec.json.encode(template | {"case_id": case_id, "request_id": case_id}), headers
                )
                for case_id in ids[start : start + 1_000]
            ]
        )
    before = len(desk.driver.produced)
    desk.passes(minutes(45) + TICK)
    warned = [event.case_id for _, event in desk.events(desk.driver.produced[before:])]
    assert sorted(warned) == ids
    assert desk.driver.processor.next_due() == desk.driver.now - TICK + minutes(15)


def test_a_committed_state_is_enough_to_find_every_timer() -> None:
    """The index is rebuilt from the store alone, whatever it went through before."""
    desk = TaskDesk()
    desk.opens()
    desk.record_activity("agent_replied")
    desk.record_activity("agent_replied", case_id="b" * 32)
    fresh = EscalationTopology(EditionStore(LIBRARY), partitions=1, trace=lambda _: "")
    for name in desk.driver.stores:
        for key, value in desk.driver.contents(name).items():
            fresh.store_changed(name, key, value)
    assert fresh.next_due() == desk.driver.processor.next_due()
    assert fresh.due_but_unfired(desk.driver.now + timedelta(hours=4)) == 2


def happens(desk: TaskDesk, step: dict[str, Any]) -> None:
    """Play one step of a history."""
    case_id = step.get("case", "")
    ago = desk.driver.now - minutes(step.get("minutes_ago", 0))
    if "minutes" in step:
        desk.passes(minutes(step["minutes"]))
    elif "plan" in step:
        desk.opens(case_id, plan=step["plan"], impact=step["impact"], received_at=ago)
    elif "kind" in step:
        desk.records_after(minutes(step["busy"]), step["kind"], case_id, at=ago)
    elif "to" in step:
        desk.record_activity("status_changed", case_id, to=step["to"])
    else:
        desk.record_activity("reprioritised", case_id, impact=step["claim"])


def published(desk: TaskDesk) -> list[tuple[tuple[str, str], str]]:
    """Every event in the order of publication: who it is, and what it says."""
    return [(envelope.identity, repr(event)) for envelope, event in desk.events()]
