"""Each way in which a log can differ from its replay is reported, event by event."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.replay.event_difference import ABSENT, NOT_SHOWN
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, dead_letter
from shared.kafka.record import Record
from shared.messages.reason import Reason
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.replay.helpers import (
    LIBRARY,
    changed,
    edited,
    fields,
    find_event,
    header,
    kinds,
    replay,
    tally_of,
    text,
    types,
    without,
)

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def lived() -> Recording:
    """Two cases on one partition: one is escalated, one is answered late; and a note that came too late."""
    recording = Recording(LIBRARY, partitions=1)
    recording.sets_entitlement(account())
    for number in (1, 2):
        recording.asks(number)
        recording.runs()
        recording.passes(timedelta(minutes=1))
    recording.passes(timedelta(hours=2))
    recording.record_activity("agent_replied", f"{2:032x}")
    recording.runs()
    recording.passes(DAY)
    recording.record_activity("agent_replied", "nobody")
    recording.runs()
    recording.passes(DAY)
    recording.record_activity("restored", f"{2:032x}")
    recording.runs()
    recording.passes(DAY)
    recording.asks(3)
    recording.runs()
    return recording


Edit = Callable[[dict[str, Any]], None]


def setting(name: str, value: Any) -> Edit:
    """An edit of one field."""
    return lambda data: data.__setitem__(name, value)


@pytest.mark.parametrize(
    ("topic", "kind", "edit", "field", "shown"),
    [
        (CASES, "case.routed", setting("priority", "P4"), "priority", ("P4", "P1")),
        (CASES, "case.routed", lambda data: data["milestones"].pop("restoration"), "milestones.restoration", None),
        (CASES, "case.routed", setting("assigned_tier", "tier1"), "assigned_tier", ("tier1", "tier2")),
        (CASES, "case.routed", setting("language", "fr"), "language", None),
        (ESCALATIONS, "clock.started", setting("generation", 7), "generation", (7, 1)),
        (ESCALATIONS, "clock.warned", setting("called", "tier2"), "called", ("tier2", "case_tier")),
        (ESCALATIONS, "clock.breached", setting("due_at", None), "due_at", None),
        (ESCALATIONS, "clock.fulfilled", setting("met", True), "met", (True, False)),
        (ESCALATIONS, "escalation.raised", lambda data: data.pop("level"), "level", (ABSENT, 1)),
        (ESCALATIONS, "escalation.raised", setting("extra", "words"), "extra", (NOT_SHOWN, ABSENT)),
    ],
)
def test_a_field_that_differs_is_shown_with_both_values(
    lived: Recording, topic: Any, kind: str, edit: Edit, field: str, shown: tuple[Any, Any] | None
) -> None:
    """One difference for one tampered event, and nothing else is touched."""
    result = replay(lived, edited(lived.all_records(), find_event(lived.published(topic), kind), edit))
    assert kinds(result)[0] == ("differing", kind)
    found = fields(result.differences[0])
    assert found.keys() == {field}
    assert shown is None or found[field] == shown
    service = "router" if topic is CASES else "escalation"
    assert (
        tally_of(result, service).differing,
        tally_of(result, service).missing,
        tally_of(result, service).unexpected,
    ) == (1, 0, 0)
    assert tally_of(result, service).digest != tally_of(result, service).published_digest
    assert not result.as_published


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda r: {"key": b"x" * 32}, "key"),
        (lambda r: {"headers": header(r, "ce_id", b"f" * 32)}, "header ce_id"),
        (lambda r: {"headers": header(r, "ce_subject", b"somebody else")}, "header ce_subject"),
        (lambda r: {"headers": header(r, "content-type", b"text/plain")}, "header content-type"),
        (lambda r: {"headers": (*r.headers, ("more", b"1"))}, "header more"),
        (lambda r: {"headers": tuple(each for each in r.headers if each[0] != "ce_subject")}, "header ce_subject"),
        (lambda r: {"headers": tuple(reversed(r.headers))}, "headers"),
        (lambda r: {"value": r.value.replace(b'","', b'", "')}, "data"),
    ],
    ids=["key", "id", "subject", "content_type", "one_more", "one_less", "order", "spelling"],
)
@pytest.mark.parametrize("kind", ["clock.started", "clock.breached"], ids=["of_a_record", "of_a_timer"])
def test_key_headers_and_notation_are_compared_as_well(
    lived: Recording, change: Callable[[Record], dict[str, Any]], field: str, kind: str
) -> None:
    """Readers find events by key, id and headers; the bytes are what was signed for."""
    old = find_event(lived.published(ESCALATIONS), kind)
    result = replay(lived, changed(lived.all_records(), old, **change(old)))
    assert kinds(result) == [("differing", kind)]
    assert fields(result.differences[0]).keys() == {field}


def test_time_of_writing_and_trace_context_are_not_compared(lived: Recording) -> None:
    """They belong to the act of writing, not to the fact."""
    old = find_event(lived.published(ESCALATIONS), "clock.breached")
    headers = header(replace(old, headers=header(old, "ce_time", b"2030-01-01T00:00:00Z")), "traceparent", b"00")
    assert replay(lived, changed(lived.all_records(), old, headers=headers, timestamp_ms=1)).as_published


def test_an_event_on_another_partition_is_shown() -> None:
    """Nobody who reads the log of the case would find it."""
    recording = Recording(LIBRARY)
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.runs()
    old = find_event(recording.published(CASES), "case.routed")
    moved = changed(recording.all_records(), old, partition=1 - old.partition)
    result = replay(recording, moved, consumed=False)
    assert fields(result.differences[0]) == {"partition": (1 - old.partition, old.partition)}


def test_each_event_that_is_missing_is_shown(lived: Recording) -> None:
    """Whichever one is taken out of the log, its absence is found, if anything comes after it."""
    for topic in (CASES, ESCALATIONS):
        for record in lived.published(topic)[:-1]:
            kind = dict(record.headers)["ce_type"].decode().removeprefix("frontline.").removesuffix(".v1")
            result = replay(lived, without(lived.all_records(), record))
            assert ("missing", kind) in kinds(result)[:1] or topic is CASES, kind
            missing = [each for each in result.differences if each.kind == "missing"]
            assert missing[0].id == dict(record.headers)["ce_id"].decode()
            assert missing[0].place is None
            if topic is ESCALATIONS:
                assert len(result.differences) == 1
                assert tally_of(result, "escalation").identical == tally_of(result, "escalation").published


def test_whole_groups_may_be_missing(lived: Recording) -> None:
    """All that a record, or one instant, had caused."""
    started = [record for record in lived.published(ESCALATIONS) if b"clock.started" in dict(record.headers)["ce_type"]]
    result = replay(lived, without(lived.all_records(), *started[:2]))
    assert kinds(result) == [("missing", "clock.started")] * 2
    assert tally_of(result, "escalation").differing == 0


@pytest.mark.parametrize("kind", ["clock.started", "clock.warned", "clock.breached", "clock.fulfilled"])
def test_an_event_too_many_is_shown(lived: Recording, kind: str) -> None:
    """A copy, and one that somebody made up: each is one that does not follow, and the others stay as they are."""
    old = find_event(lived.published(ESCALATIONS), kind)
    for new in (
        replace(old, offset=old.offset + 1),
        replace(old, offset=old.offset + 1, headers=header(old, "ce_id", b"e" * 32)),
    ):
        records = [
            replace(r, offset=r.offset + 1) if r.topic == ESCALATIONS.name and r.offset > old.offset else r
            for r in lived.all_records()
        ]
        result = replay(lived, [*records, new])
        assert kinds(result) == [("unexpected", kind)]
        assert result.differences[0].place == f"{ESCALATIONS.name}[0]@{new.offset}"
        assert tally_of(result, "escalation").identical == tally_of(result, "escalation").replayed


def test_events_in_another_order_are_shown(lived: Recording) -> None:
    """Order is a promise: a breach that comes before its warning is another story, though all words are there."""
    published = lived.published(ESCALATIONS)
    first, second = find_event(published, "clock.warned"), find_event(published, "clock.breached")
    swapped = changed(lived.all_records(), first, offset=second.offset)
    result = replay(lived, changed(swapped, second, offset=first.offset))
    assert result.differences
    assert {each.kind for each in result.differences} == {"differing"}
    assert any("order" in fields(each) for each in result.differences)
    assert result.digest != result.published_digest


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: {"headers": header(r, "ce_source", b"/somebody")}, "not published by /frontline/escalation"),
        (lambda r: {"value": b"not JSON"}, "lacks observed_at or caused_by"),
        (lambda r: {"value": None}, "lacks observed_at or caused_by"),
        (lambda r: {"value": r.value.replace(b"2026-", b"0001-")}, "no time zone or is out of range"),
    ],
    ids=["foreign", "not_json", "empty", "out_of_time"],
)
def test_an_event_without_a_usable_cause_is_unexpected(
    lived: Recording, change: Callable[[Record], dict[str, Any]], reason: str
) -> None:
    """Another program wrote it: it is reported, and so is the missing event in its place."""
    old = find_event(lived.published(ESCALATIONS), "clock.breached")
    result = replay(lived, changed(lived.all_records(), old, **change(old)))
    assert tally_of(result, "escalation").unexpected + tally_of(result, "escalation").differing == 1
    assert reason in text(result.differences[0].reason)


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (lambda data: data["caused_by"].update(offset=0, positions={ACTIVITY.name: 0}), "offset"),
        (lambda data: data["caused_by"].update(topic=ACTIVITY.name), "topic"),
        (lambda data: data["caused_by"].update(partition=3), "partition"),
        (lambda data: data["caused_by"].update(generation=1), "generation"),
        (lambda data: data["caused_by"].update(timer="x"), "timer"),
        (lambda data: data["caused_by"].pop("topic"), "topic"),
        (lambda data: data["caused_by"]["positions"].update({ACTIVITY.name: 1}), "positions"),
        (lambda data: data["caused_by"]["positions"].update({CASES.name: 1}), "positions"),
    ],
    ids=["offset", "topic", "partition", "generation", "timer", "no_topic", "positions", "own_position"],
)
def test_a_wrong_cause_is_shown(lived: Recording, edit: Edit, field: str) -> None:
    """The replay relies on the cause, and compares it too."""
    old = find_event(lived.published(ESCALATIONS), "clock.started", 2)
    result = replay(lived, edited(lived.all_records(), old, edit))
    assert not result.as_published
    ids = {each.id for each in result.differences}
    assert dict(old.headers)["ce_id"].decode() in ids


def test_an_event_whose_cause_is_not_in_the_log_cannot_be_replayed(lived: Recording) -> None:
    """It may be deleted, or never have existed: the case's events from there on are not compared."""
    old = find_event(lived.published(ESCALATIONS), "clock.fulfilled")
    nowhere = {"offset": 70, "positions": {CASES.name: 3}}
    result = replay(lived, edited(lived.all_records(), old, lambda data: data["caused_by"].update(nowhere)))
    reason = Reason("replay.lost.cause_missing", topic="support.activity.v1")
    of_the_case = [r for r in lived.published(ESCALATIONS) if r.key == old.key and r.offset >= old.offset]
    assert tally_of(result, "escalation").not_replayable_reasons == {reason: len(of_the_case)}
    assert (result.complete, result.as_published) == (False, True)


def test_a_customers_text_is_not_shown(lived: Recording) -> None:
    """Neither those that were tampered with nor those that were there: only that they differ."""
    old = find_event(lived.published(CASES), "case.routed")
    result = replay(lived, edited(lived.all_records(), old, setting("subject", "my password is hunter2")))
    assert fields(result.differences[0]) == {"subject": (NOT_SHOWN, ABSENT)}
    assert "hunter2" not in repr(result)
    assert "Nobody can join" not in repr(result)


def test_a_tampered_source_makes_what_followed_from_it_differ(lived: Recording) -> None:
    """The request was edited to be less urgent."""
    asked = next(r for r in lived.all_records() if r.topic == "support.requests.v1")
    result = replay(lived, edited(lived.all_records(), asked, lambda data: data["fields"].update(impact="general")))
    assert ("differing", "case.routed") in kinds(result)
    assert tally_of(result, "router").differing == 1


@pytest.mark.parametrize("cause", ["malformed_event", None], ids=["another_cause", "missing"])
def test_dead_letters_are_compared_by_record_and_cause(lived: Recording, cause: str | None) -> None:
    """Which record was dead-lettered, and why."""
    letter = lived.published(dead_letter(ACTIVITY))[0]
    if cause is None:
        records = without(lived.all_records(), letter)
    else:
        records = changed(lived.all_records(), letter, headers=header(letter, "dlt-cause", cause.encode()))
    result = replay(lived, records)
    assert kinds(result) == [("dead_letter", "dead letter")]
    assert result.differences[0].id == f"{ACTIVITY.name}[0]@1"
    assert ("not dead-lettered" if cause is None else cause) in text(result.differences[0].reason)
    assert tally_of(result, "escalation").dead_letters_differing == 1
    assert result.digest == result.published_digest


def test_a_dead_letter_too_many_is_shown(lived: Recording) -> None:
    """One of a record that was processed, and a duplicate."""
    letter = lived.published(dead_letter(ACTIVITY))[0]
    copy = replace(letter, offset=letter.offset + 10)
    made_up = replace(copy, headers=header(copy, "dlt-offset", b"0"))
    assert replay(lived, [*lived.all_records(), copy]).differences[0].reason == Reason("replay.dead_letter.twice")
    result = replay(lived, [*lived.all_records(), made_up])
    assert "the replay does not dead-letter it" in text(result.differences[0].reason)


def test_only_so_many_differences_are_kept_and_the_others_counted(lived: Recording) -> None:
    """A log that is wrong from one end to the other must not fill the screen."""
    records = lived.all_records()
    for record in lived.published(ESCALATIONS):
        records = edited(records, record, setting("account_id", "somebody"))
    result = replay(lived, records, show=3)
    assert len(result.differences) == 3
    assert result.more_differences == len(lived.published(ESCALATIONS)) - 3
    assert tally_of(result, "escalation").differing == len(lived.published(ESCALATIONS))
    assert json.dumps(result.differences[0].fields)


def test_the_fixture_has_all_that_these_tests_are_about(lived: Recording) -> None:
    """Or they would prove nothing."""
    needed = {"clock.started", "clock.warned", "clock.breached", "clock.fulfilled", "escalation.raised"}
    assert needed <= set(types(lived, ESCALATIONS))
    assert replay(lived).as_published
