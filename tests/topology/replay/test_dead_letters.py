"""For every cause of a dead letter: a replay dead-letters the same record, and for that cause."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from shared.contracts.structs import MilestoneTerms
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, REQUESTS, dead_letter
from shared.kafka import serde
from shared.kafka.record import Withheld
from shared.kafka.serde import Envelope
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.routing.entitlement_order import CALL_AHEAD
from shared.sla.case import MAX_ACTIVITIES
from shared.sla.packing import pack_id
from tests.harness.asking import account, entitlement_set
from tests.harness.recording import Recording
from tests.topology.replay.helpers import LIBRARY, NEXT, changed, header, identical, kinds, replay, tally_of, text

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CASE = f"{1:032x}"
ELSEWHERE = NEXT.editions[0].model_copy(update={"calendars": {"japan": NEXT.editions[0].calendars["japan"]}})
# An edition from before the plan of the case.
WITHOUT_ITS_PLAN = NEXT.editions[0].model_copy(
    update={
        "edition": "without-its-plan",
        "effective_from": NEXT.editions[0].effective_from + timedelta(days=1),
        "plans": {name: plan for name, plan in NEXT.editions[0].plans.items() if name != "premier_plus"},
    }
)
OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
CONFIGURED = EditionLibrary([*LIBRARY.editions, ELSEWHERE, WITHOUT_ITS_PLAN])
DEFECT = "unexpected_error"  # no test can cause a defect that is not known

Happening = Callable[[Recording], None]


@pytest.fixture
def recording() -> Recording:
    """An open case of an account in Spain; escalation knows of an edition that has no calendar for it."""
    made = Recording(CONFIGURED, routed_by=LIBRARY)
    made.sets_entitlement(account())
    made.asks()
    made.runs()
    made.passes(MINUTE)
    return made


def causes_in(recording: Recording) -> list[str]:
    """The causes of all dead letters."""
    topics = map(dead_letter, (ENTITLEMENTS, REQUESTS, CASES, ACTIVITY))
    return [dict(record.headers)["dlt-cause"].decode() for topic in topics for record in recording.published(topic)]


def malformed(recording: Recording) -> None:
    recording.write_bytes(ACTIVITY, CASE.encode(), b"not an event")


def of_a_later_version(recording: Recording) -> None:
    envelope = Envelope("e", "/frontline/intake", "frontline.activity.sang.v1", recording.now, CASE, None)
    output = serde.to_output(ACTIVITY, CASE, envelope, b"{}")
    recording.write_bytes(ACTIVITY, CASE.encode(), output.value, output.headers)


def an_event_without_a_place_here(recording: Recording) -> None:
    recording.write(ACTIVITY, CASE, entitlement_set(account()))


def on_another_partition(recording: Recording) -> None:
    for partition in range(recording.partitions):
        recording.write_bytes(ACTIVITY, CASE.encode(), None, partition=partition)


def in_words_that_the_edition_lacks(recording: Recording) -> None:
    """A channel that only another company has."""
    recording.asks(7, channel="carrier_pigeon")


def under_another_key(recording: Recording) -> None:
    recording.record_activity("agent_replied", CASE, key="another")


def with_other_content(recording: Recording) -> None:
    recording.asks(submission_digest="other")


def under_a_used_key(recording: Recording) -> None:
    recording.record_activity("customer_replied", CASE, activity_id="t1", activity_digest="one")
    recording.record_activity("customer_replied", CASE, activity_id="t1", activity_digest="one")
    recording.record_activity("resolved", CASE, activity_id="t1", activity_digest="another")


def under_a_used_key_before_its_case(recording: Recording) -> None:
    early = f"{2:032x}"
    recording.record_activity("customer_replied", early, activity_id="t1", activity_digest="one")
    recording.record_activity("resolved", early, activity_id="t1", activity_digest="another")
    recording.runs()
    recording.passes(MINUTE)
    recording.asks(2, received_at=recording.now - MINUTE)


def for_nobody(recording: Recording) -> None:
    recording.record_activity("agent_replied", "nobody")
    recording.runs()
    recording.passes(16 * MINUTE)


def for_nobody_beyond_the_share_of_its_client(recording: Recording) -> None:
    terms = MilestoneTerms(target_seconds=60, hours="elapsed", promise="objective", paused_by=("x" * 60,) * 3_000)
    for number in range(14):
        recording.record_activity("reprioritised", f"{number:032x}", milestones={"restoration": terms})
    recording.runs()
    recording.passes(10 * MINUTE)
    recording.record_activity("agent_replied", "f" * 32)
    recording.runs()
    recording.passes(20 * MINUTE)


def for_a_case_that_is_over(recording: Recording) -> None:
    recording.record_activity("closed", CASE)
    recording.runs()
    recording.passes(31 * DAY)
    recording.record_activity("agent_replied", CASE)


def decided_twice(recording: Recording) -> None:
    """A producer with ids of its own uses one again, when no id of intake can be used any more."""
    recording.passes(60 * 60 * MINUTE)
    recording.asks(99)
    recording.runs()
    recording.passes(MINUTE)
    recording.asks()


def to_an_edition_that_nobody_has(recording: Recording) -> None:
    recording.record_activity("policy_migrated", CASE, edition="nobody-has-it", policy_sha256="ab" * 32)


def to_an_edition_without_its_calendar(recording: Recording) -> None:
    recording.record_activity(
        "policy_migrated", CASE, edition=ELSEWHERE.edition, policy_sha256=policy_sha256(ELSEWHERE)
    )


def to_an_edition_without_its_plan(recording: Recording) -> None:
    edition = WITHOUT_ITS_PLAN
    recording.record_activity("policy_migrated", CASE, edition=edition.edition, policy_sha256=policy_sha256(edition))


def nobody_asked(recording: Recording) -> None:
    recording.record_activity("escalation_reviewed", CASE, accepted=True)


def before_its_case(recording: Recording) -> None:
    recording.record_activity("agent_replied", CASE, at=recording.now - DAY)


def dated_in_the_future(recording: Recording) -> None:
    """Minutes later its instant would be near enough, and a request would be decided with it."""
    far = recording.now + CALL_AHEAD + MINUTE
    recording.sets_entitlement(account(plan="access"), far)
    recording.runs()
    recording.passes(2 * MINUTE)
    recording.asks(2)


def without_a_deadline(recording: Recording) -> None:
    too_long = MilestoneTerms(target_seconds=10**11, hours="business", promise="objective")
    recording.record_activity("reprioritised", CASE, milestones={"first_response": too_long})


def one_too_many(recording: Recording) -> None:
    for _ in range(MAX_ACTIVITIES + 1):
        recording.record_activity("customer_replied", CASE)


def large_terms(number: int) -> dict[str, MilestoneTerms]:
    """Terms of three milestones that take some 14 KB of a case's state."""
    paused_by = tuple(f"{number:04}{place:02}".ljust(60, "\U0001f4a4") for place in range(20))
    terms = MilestoneTerms(target_seconds=10**6, hours="elapsed", promise="objective", paused_by=paused_by)
    return dict.fromkeys(("restoration", "resolution", "periodic_update"), terms)


def with_terms_that_do_not_fit(recording: Recording) -> None:
    for number in range(20):
        recording.record_activity("reprioritised", CASE, milestones=large_terms(number))


def for_an_isolated_case(recording: Recording) -> None:
    task = next(
        task for (service, _), task in recording.tasks.items()
        if service == "escalation" and pack_id(CASE) in task.changelogs["cases"]
    )  # fmt: skip
    kept = task.changelogs["cases"]
    stored = kept[pack_id(CASE)]
    kept[pack_id(CASE)] = stored[:8] + b"\xc1"
    task.restart()
    recording.record_activity("agent_replied", CASE)
    recording.runs()
    kept[pack_id(CASE)] = stored
    task.restart()
    recording.passes(MINUTE)


def refused_by_the_broker(recording: Recording) -> None:
    recording.record_activity("agent_replied", CASE)
    for partition in range(recording.partitions):
        recording.refuses("escalation", partition)


def refused_with_its_dead_letter(recording: Recording) -> None:
    recording.asks(2)
    for partition in range(recording.partitions):
        recording.refuses("router", partition, by_reference=True)


def larger_than_its_topic_takes(recording: Recording) -> None:
    recording.write_bytes(ACTIVITY, CASE.encode(), b"[" * (ACTIVITY.max_message_bytes + 1))


def not_to_be_decoded(recording: Recording) -> None:
    recording.write_bytes(ACTIVITY, None, Withheld("record_unreadable", "offsets 0 to 0 cannot be decoded"))


CAUSES: tuple[tuple[str, Happening], ...] = (
    ("malformed_event", malformed),
    ("unknown_type", of_a_later_version),
    ("unexpected_type", an_event_without_a_place_here),
    ("not_in_edition", in_words_that_the_edition_lacks),
    ("wrong_partition", on_another_partition),
    ("wrong_key", under_another_key),
    ("conflict", with_other_content),
    ("conflict", under_a_used_key),
    ("conflict", under_a_used_key_before_its_case),
    ("unknown_case", for_nobody),
    ("unknown_case", for_nobody_beyond_the_share_of_its_client),
    ("case_gone", for_a_case_that_is_over),
    ("duplicate_case", decided_twice),
    ("unknown_edition", to_an_edition_that_nobody_has),
    ("unknown_calendar", to_an_edition_without_its_calendar),
    ("unknown_word", to_an_edition_without_its_plan),
    ("no_escalation_requested", nobody_asked),
    ("bad_activity_time", before_its_case),
    ("from_the_future", dated_in_the_future),
    ("uncountable_target", without_a_deadline),
    ("too_much_activity", one_too_many),
    ("case_too_large", with_terms_that_do_not_fit),
    ("case_isolated", for_an_isolated_case),
    ("output_too_large", refused_by_the_broker),
    ("output_too_large", refused_with_its_dead_letter),
    ("record_too_large", larger_than_its_topic_takes),
    ("record_unreadable", not_to_be_decoded),
)


@pytest.mark.parametrize(("cause", "happens"), CAUSES, ids=[happens.__name__ for _, happens in CAUSES])
def test_a_dead_lettered_record_is_dead_lettered_by_the_replay(
    recording: Recording, cause: str, happens: Happening
) -> None:
    """And the later events of the case are identical, for the record left no trace in it."""
    happens(recording)
    recording.runs()
    recording.runs()
    recording.passes(DAY)
    assert cause in causes_in(recording)
    result = replay(recording, configured=CONFIGURED)
    assert identical(result, recording)
    assert sum(tally.dead_letters for tally in result.tallies) == len(causes_in(recording))


def test_a_dead_letter_that_needs_an_unsaved_edition_cannot_be_replayed(recording: Recording) -> None:
    """An edition is saved with the first case that uses it; an edition without cases is only where it was configured.
    That it is not available is no difference, and the reason names it."""
    to_an_edition_without_its_calendar(recording)
    recording.runs()
    recording.passes(DAY)
    result = replay(recording)
    tally = tally_of(result, "escalation")
    assert (result.differences, tally.dead_letters_not_replayable) == ((), 1)
    assert (result.as_published, result.complete) == (True, False)
    (reason,) = tally.not_replayable_reasons
    assert policy_sha256(ELSEWHERE) in text(reason)
    assert "--policy" in text(reason)


@pytest.mark.parametrize("cause", ["malformed_event", "bad_activity_time", "no_escalation_requested"])
def test_a_cause_that_needs_no_edition_differs_even_if_the_edition_is_missing(recording: Recording, cause: str) -> None:
    """An event can be validated without the edition that it names: this dead letter has been tampered with."""
    to_an_edition_without_its_calendar(recording)
    recording.runs()
    (letter,) = recording.published(dead_letter(ACTIVITY))
    tampered = changed(recording.all_records(), letter, headers=header(letter, "dlt-cause", cause.encode()))
    assert kinds(replay(recording, tampered)) == [("dead_letter", "dead letter")]


def test_every_documented_cause_is_tested_here() -> None:
    """A new cause needs a test of its replay."""
    section = OPERATIONS.read_text(encoding="utf-8").partition("## Dead letters")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named - {DEFECT} == {cause for cause, _ in CAUSES}
