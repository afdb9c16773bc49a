"""What happens to activity: it waits for its case, is taken in once, or is dead-lettered with its cause."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.escalation.early_activity import KEPT_AT_MOST
from shared.contracts.structs import MilestoneTerms
from shared.contracts.topics import ACTIVITY, CASES, Topic
from shared.kafka.faults import TaskMustStop
from tests.topology.escalation.desk import CASE, NEXT, TaskDesk, as_record, at, minutes

TICK = timedelta(microseconds=1)


@pytest.fixture
def desk() -> TaskDesk:
    """A task of escalation at Monday noon."""
    return TaskDesk()


def test_activity_that_overtakes_its_case_waits_for_it(desk: TaskDesk) -> None:
    """Requests and activity travel through different topics; a quick reply must not be lost for being quick."""
    assert desk.record_activity("agent_replied") == []
    desk.passes(minutes(15))
    assert desk.opens(received_at=at(0)) == [
        "first_response started",
        "restoration started",
        "first_response fulfilled in time",
    ]
    assert desk.dead_letter_causes == []
    assert not len(desk.driver.stores["early"])


def test_what_waited_is_folded_by_event_time(desk: TaskDesk) -> None:
    """Whichever arrived first, the customer was waited for before the agent went on."""
    desk.passes(minutes(10))
    desk.record_activity("status_changed", to="open", at=at(0.1))
    desk.record_activity("status_changed", to="waiting_on_customer", at=at(0.05))
    assert desk.opens(received_at=at(0)) == [
        "first_response started",
        "restoration started",
        "restoration paused waiting_on_customer",
        "restoration resumed open",
    ]


def test_activity_of_a_case_that_does_not_come_is_dead_lettered_by_reference(desk: TaskDesk) -> None:
    """Fifteen minutes after it came, each for itself; the record is in its topic, where a replay reads it."""
    desk.record_activity("agent_replied", text="Ça va? ¡Sí!")
    desk.passes(minutes(1))
    desk.record_activity("internal_note")
    assert desk.passes(minutes(14)) == []
    assert desk.dead_letter_causes == []
    desk.passes(TICK)
    (letter,) = desk.driver.dead_letters
    assert (letter.cause, letter.service, letter.at) == ("unknown_case", "escalation", desk.driver.now)
    assert (letter.record.topic, letter.record.offset) == (ACTIVITY.name, 0)
    assert (letter.by_reference, letter.record.key, letter.record.value) == (True, CASE.encode(), None)
    assert [reported.record.offset for reported in desk.driver.reported] == [0], "to be counted and logged"
    desk.passes(minutes(1))
    assert desk.dead_letter_causes == ["unknown_case"] * 2
    assert not len(desk.driver.stores["early"])
    assert desk.driver.processor.next_due() is None


def test_at_most_a_hundred_records_wait_for_a_case(desk: TaskDesk) -> None:
    """Somebody who writes to cases that do not exist must not fill the memory; the first hundred are still kept."""
    for _ in range(KEPT_AT_MOST + 2):
        desk.record_activity("customer_replied")
    assert desk.dead_letter_causes == ["unknown_case"] * 2
    desk.opens()
    desk.passes(minutes(16))
    assert desk.dead_letter_causes == ["unknown_case"] * 2


def test_activity_too_large_to_keep_is_dead_lettered_at_once(desk: TaskDesk) -> None:
    """The changelog takes no larger records than the source does."""
    terms = MilestoneTerms(target_seconds=60, hours="elapsed", promise="objective", paused_by=("x" * 60,) * 16_000)
    desk.record_activity("reprioritised", milestones={"restoration": terms})
    (letter,) = desk.driver.dead_letters
    assert (letter.cause, letter.by_reference) == ("unknown_case", False)


def test_waiting_survives_a_restart(desk: TaskDesk) -> None:
    """What waits is state like any other."""
    desk.record_activity("agent_replied")
    desk.driver.restart()
    desk.passes(minutes(15) + TICK)
    assert desk.dead_letter_causes == ["unknown_case"]


def test_early_activity_from_before_its_case_is_dead_lettered_and_the_rest_counts(desk: TaskDesk) -> None:
    """One wrong record must not take the case with it."""
    desk.record_activity("customer_replied", at=at(-1))  # sent by a client with the scope backfill
    desk.record_activity("agent_replied")
    desk.passes(minutes(1))
    assert desk.opens(received_at=at(0))[-1] == "first_response fulfilled in time"
    assert desk.dead_letter_causes == ["bad_activity_time"]


def test_the_same_activity_twice_counts_once(desk: TaskDesk) -> None:
    """Deliveries are repeated; a second `customer_replied` with the same id is no second message."""
    desk.record_activity("customer_replied", activity_id="same")
    desk.record_activity("customer_replied", activity_id="same")
    desk.opens()
    desk.passes(minutes(1))
    assert desk.record_activity("agent_replied", activity_id="other") == ["first_response fulfilled in time"]
    before = desk.driver.contents("cases")
    assert desk.record_activity("agent_replied", activity_id="other") == []
    assert desk.record_activity("customer_replied", activity_id="same") == []
    assert desk.driver.contents("cases") == before


def test_another_activity_under_a_used_key_is_a_conflict(desk: TaskDesk) -> None:
    """A client that uses one key a ticket reports a reply and then the resolution. The second must not vanish without
    a trace: the restoration would run on and be breached."""
    desk.opens()
    desk.record_activity("agent_replied", activity_id="t1", activity_digest="a reply")
    before = desk.driver.contents("cases")
    assert desk.record_activity("resolved", activity_id="t1", activity_digest="a resolution") == []
    assert desk.dead_letter_causes == ["conflict"]
    (letter,) = desk.driver.dead_letters
    assert "activity t1" in letter.message
    assert "a resolution" not in letter.message
    assert desk.driver.contents("cases") == before


def test_a_key_is_remembered_with_its_content_after_a_restart(desk: TaskDesk) -> None:
    """Intake may have forgotten; the state of the case has not."""
    desk.opens()
    desk.record_activity("customer_replied", activity_id="t1", activity_digest="one")
    desk.driver.restart()
    assert desk.record_activity("customer_replied", activity_id="t1", activity_digest="one") == []
    assert desk.dead_letter_causes == []
    desk.record_activity("customer_replied", activity_id="t1", activity_digest="another")
    desk.record_activity("internal_note", activity_id="t1", activity_digest="a note")
    assert desk.dead_letter_causes == ["conflict"] * 2


@pytest.mark.parametrize(("first", "second"), [(None, "sent"), ("sent", None)])
def test_content_that_cannot_be_compared_is_a_conflict(desk: TaskDesk, first: str | None, second: str | None) -> None:
    """Where one of two says nothing of its content, they may differ; a dead letter loses nothing."""
    desk.opens()
    desk.record_activity("customer_replied", activity_id="t1", activity_digest=first)
    desk.record_activity("customer_replied", activity_id="t1", activity_digest=second)
    assert desk.dead_letter_causes == ["conflict"]


def test_two_contents_under_one_key_that_wait_for_their_case_are_a_conflict(desk: TaskDesk) -> None:
    """The first counts; the second is dead-lettered when the case comes; a repetition of the first is no conflict."""
    desk.record_activity("agent_replied", activity_id="t1", activity_digest="one")
    desk.record_activity("agent_replied", activity_id="t1", activity_digest="one")
    desk.passes(minutes(1))
    desk.record_activity("resolved", activity_id="t1", activity_digest="another")
    assert desk.dead_letter_causes == []
    assert desk.opens(received_at=at(0))[-1] == "first_response fulfilled in time"
    assert desk.dead_letter_causes == ["conflict"]
    assert desk.driver.dead_letters[0].record.offset == 2


def test_a_key_of_what_no_clock_counts_is_not_remembered(desk: TaskDesk) -> None:
    """A note leaves no trace in the state, so what comes after it under its key is lost neither: it counts."""
    desk.opens()
    desk.record_activity("internal_note", activity_id="t1", activity_digest="a note")
    assert desk.record_activity("agent_replied", activity_id="t1", activity_digest="a reply") == [
        "first_response fulfilled in time"
    ]
    assert desk.dead_letter_causes == []


@pytest.mark.parametrize("behind", [0.05, 0.3, 2, 5, 600])
def test_a_receipt_by_a_clock_that_is_behind_counts_from_the_opening_of_its_case(desk: TaskDesk, behind: float) -> None:
    """Intake dates a receipt and answers 202; whatever its clock says, the reply must not be lost for being quick."""
    received = desk.driver.now - timedelta(seconds=behind)
    opened = desk.driver.now
    desk.opens()
    desk.passes(TICK)
    assert desk.record_activity("agent_replied", at=received, recorded_at=received) == [
        "first_response fulfilled in time"
    ]
    assert desk.dead_letter_causes == []
    *_, (_, fulfilled) = desk.events()
    assert fulfilled.at == opened


def test_a_receipt_by_a_clock_that_is_behind_counts_also_where_it_waited_for_its_case(desk: TaskDesk) -> None:
    """It overtook its case and was dated before it: both at once."""
    received = desk.driver.now - timedelta(seconds=2)
    desk.record_activity("agent_replied", at=received, recorded_at=received)
    assert desk.opens()[-1] == "first_response fulfilled in time"
    assert desk.dead_letter_causes == []


def test_receipts_from_before_their_case_keep_their_order(desk: TaskDesk) -> None:
    """All of them count from its opening; which was last still decides. The ids would say the opposite."""
    opened = desk.driver.now
    first, second = opened - timedelta(seconds=2), opened - timedelta(seconds=1)
    desk.opens()
    desk.record_activity("status_changed", to="waiting_on_customer", activity_id="z", at=first, recorded_at=first)
    desk.record_activity("status_changed", to="open", activity_id="a", at=second, recorded_at=second)
    stages = [event.TYPE.split(".")[2] for _, event in desk.events() if event.milestone == "restoration"]
    assert stages == ["started", "paused", "resumed"]
    assert {event.at for _, event in desk.events()} == {opened}
    assert desk.dead_letter_causes == []


def test_what_a_receipt_from_before_its_case_changes_is_dated_within_the_case(desk: TaskDesk) -> None:
    """Nothing is published as of an instant at which there was no case: neither a restated verdict nor an answer to
    a customer who asks for an escalation."""
    opened = desk.driver.now
    desk.opens()
    desk.passes(timedelta(hours=2))
    received = opened - timedelta(seconds=1)
    published = desk.record_activity("agent_replied", at=received, recorded_at=received)
    assert "first_response restated breached met late_record" in published
    desk.record_activity("escalation_requested", at=received, recorded_at=received)
    assert min(event.at for _, event in desk.events()) == opened
    assert desk.dead_letter_causes == []


@pytest.mark.parametrize("ahead", [timedelta(seconds=2), timedelta(minutes=10), timedelta(minutes=59)])
def test_a_receipt_by_a_clock_that_is_ahead_counts_as_it_is_dated(desk: TaskDesk, ahead: timedelta) -> None:
    """It was acknowledged. Its instant is the log's, so that a replay, which does not know when a record that made
    nobody speak was processed, counts it alike."""
    desk.opens(received_at=at(-0.5))
    received = desk.driver.now + ahead
    word = "in time" if ahead < minutes(30) else "late"
    assert (
        desk.record_activity("agent_replied", at=received, recorded_at=received)[-1]
        == f"first_response fulfilled {word}"
    )
    assert desk.dead_letter_causes == []


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ({"at": at(0.5) - TICK}, at(0.5)),
        ({"at": at(0.5) + TICK, "recorded_at": at(0.5)}, at(0)),
        ({"at": at(0.6), "recorded_at": at(0.7)}, at(0)),
        ({"at": at(24.5) + TICK, "recorded_at": at(24.5) + TICK}, at(0)),
    ],
    ids=[
        "given, before the case",
        "given, after it was recorded",
        "given, ahead of every clock",
        "received, by a clock that Kafka would not have believed",
    ],
)
def test_a_client_s_instant_lies_between_its_case_and_now(desk: TaskDesk, given: dict[str, Any], opened: Any) -> None:
    """Nobody back-dates a reply into a hit, or dates one ahead. Intake acknowledges no receipt a day ahead, since
    Kafka takes no record that is dated more than an hour ahead."""
    desk.driver.advance_to(at(0.5))
    desk.opens(received_at=opened)
    assert desk.record_activity("agent_replied", **given) == []
    assert desk.dead_letter_causes == ["bad_activity_time"]


def test_a_second_case_of_the_same_id_changes_nothing(desk: TaskDesk) -> None:
    """The first decision was published and acted upon."""
    desk.opens()
    assert desk.opens(impact="general") == []
    assert desk.dead_letter_causes == ["duplicate_case"]
    assert desk.passes(minutes(46)) == ["first_response warned 0 case_tier"]


@pytest.mark.parametrize(
    ("topic", "changes", "cause"),
    [
        (CASES, {"policy_sha256": "latest"}, "malformed_event"),
        (CASES, {"calendar": "atlantis"}, "malformed_event"),
        (ACTIVITY, {"kind": "status_changed"}, "malformed_event"),
        (ACTIVITY, {"kind": "reprioritised"}, "malformed_event"),
        (ACTIVITY, {"kind": "entitlement_refreshed"}, "malformed_event"),
        (ACTIVITY, {"kind": "escalation_reviewed"}, "malformed_event"),
        (ACTIVITY, {"kind": "policy_migrated", "edition": "x"}, "malformed_event"),
        (ACTIVITY, {"kind": "policy_migrated", "edition": "x", "policy_sha256": "latest"}, "malformed_event"),
        (ACTIVITY, {"kind": "agent_replied", "at": at(0).replace(year=1)}, "malformed_event"),
    ],
    ids=[
        "no digest",
        "unknown calendar",
        "no status",
        "nothing new",
        "no plan",
        "no answer",
        "no edition",
        "no digest of an edition",
        "before all calendars",
    ],
)
def test_events_that_cannot_be_meant_are_dead_lettered(
    desk: TaskDesk, topic: Topic, changes: dict[str, Any], cause: str
) -> None:
    """Intake and router would not write them, but anybody may write to a topic."""
    if topic is CASES:
        desk.opens(**changes)
    else:
        desk.opens()
        desk.record_activity(**changes)
    assert desk.dead_letter_causes == [cause]


def test_records_that_are_something_else_are_dead_lettered(desk: TaskDesk) -> None:
    """A wrong type, a wrong key, no JSON, no event: each with its name."""
    case = as_record(CASES, CASE, desk.case())
    note = as_record(ACTIVITY, CASE, desk.activity("internal_note"))
    desk.driver.pipe(ACTIVITY, CASE, *case)
    desk.driver.pipe(CASES, CASE, *note)
    desk.driver.pipe(CASES, "another", *case)
    desk.driver.pipe(ACTIVITY, None, *note)
    desk.driver.pipe(CASES, CASE, b"{", case[1])
    desk.driver.pipe(CASES, CASE, case[0])
    desk.driver.pipe(CASES, CASE, None)
    assert desk.dead_letter_causes == ["unexpected_type"] * 2 + ["wrong_key"] * 2 + ["malformed_event"] * 3
    assert desk.driver.outputs() == []


def test_terms_that_cannot_be_counted_are_dead_lettered_and_the_case_goes_on(desk: TaskDesk) -> None:
    """A target of a thousand years in business hours has no deadline; the promise that was there stays."""
    desk.opens()
    too_long = MilestoneTerms(target_seconds=10**11, hours="business", promise="objective")
    desk.record_activity("reprioritised", milestones={"first_response": too_long})
    assert desk.dead_letter_causes == ["uncountable_target"]
    assert desk.passes(minutes(46)) == ["first_response warned 0 case_tier"]


def test_a_closed_and_quiet_case_is_forgotten_and_never_comes_back(desk: TaskDesk) -> None:
    """Thirty days after its last activity the state is deleted; later activity is not mistaken for early activity."""
    desk.opens()
    desk.record_activity("closed")
    desk.passes(timedelta(days=29))
    desk.record_activity("internal_note")
    desk.passes(timedelta(days=30))
    assert desk.record_activity("internal_note") == []
    assert desk.dead_letter_causes == []
    desk.passes(timedelta(days=30) + TICK)
    assert desk.record_activity("customer_replied") == []
    assert desk.dead_letter_causes == ["case_gone"]
    assert desk.opens() == []
    assert desk.dead_letter_causes == ["case_gone", "duplicate_case"]
    desk.driver.restart()
    assert desk.record_activity("customer_replied") == []
    assert desk.dead_letter_causes[-1] == "case_gone"
    desk.passes(timedelta(days=60) + TICK)
    assert not len(desk.driver.stores["cases"])
    assert desk.driver.processor.next_due() is None


def test_a_case_that_was_reopened_is_not_forgotten(desk: TaskDesk) -> None:
    """It waits to be restored again, for as long as it takes."""
    desk.opens()
    desk.record_activity("closed")
    desk.passes(timedelta(days=20))
    desk.record_activity("reopened")
    desk.passes(timedelta(days=400))
    assert desk.record_activity("restored") == ["restoration fulfilled late"]


def test_a_case_that_nobody_closes_is_forgotten_with_its_topic(desk: TaskDesk) -> None:
    """Self-service cases are rarely closed; without a clock there is nothing to keep them for."""
    desk.opens(plan="access", channel="help_center")
    desk.passes(timedelta(days=90))
    desk.record_activity("internal_note")
    desk.passes(timedelta(days=90) + TICK)
    desk.record_activity("internal_note")
    assert desk.dead_letter_causes == ["case_gone"]


def test_the_edition_of_an_open_case_survives_a_change_of_the_configured_ones() -> None:
    """What was promised stays promised, and can be worked out, when the files are gone."""
    desk = TaskDesk()
    desk.opens()
    desk.goes_on_with(NEXT)
    desk.passes(minutes(20))
    assert "restoration cancelled reprioritised" in desk.record_activity("reprioritised", impact="general")
    assert desk.passes(timedelta(hours=20)) == ["first_response warned 0 case_tier"]
    desk.opens("e" * 32, plan="premier", impact="information")  # the router still decides by the old edition
    assert desk.dead_letter_causes == []


def test_an_edition_that_nobody_knows_stops_the_task_and_says_what_to_do() -> None:
    """Without it no deadline is known, and skipping the case would lose its promises."""
    desk = TaskDesk(NEXT, routed_by=TaskDesk().library)
    with pytest.raises(TaskMustStop, match=r"guidelines-2021 \(policy_sha256 .*FRONTLINE_POLICIES"):
        desk.opens()
    assert desk.driver.outputs() == []


def test_a_retried_record_gives_the_same_ids(desk: TaskDesk) -> None:
    """The same cause, the same identity: whoever reads both has read one."""
    twin = TaskDesk()
    for each in (desk, twin):
        each.opens()
        each.record_activity("status_changed", to="waiting_on_customer")
    assert [envelope.identity for envelope, _ in desk.events()] == [envelope.identity for envelope, _ in twin.events()]


def test_what_waited_and_was_wrong_keeps_its_place(desk: TaskDesk) -> None:
    """A dead letter names the record's own offset, not that of the case which ended its waiting."""
    desk.record_activity("customer_replied", at=at(-1))
    desk.opens()
    (letter,) = desk.driver.dead_letters
    assert replace(letter.record, timestamp_ms=0).offset == 0
    assert letter.record.topic == ACTIVITY.name
