"""Explanations and previews find the rules of a case in the log, by the digests that the case names."""

import hashlib
from dataclasses import replace

import msgspec
import pytest

from services.cli.explain.case_editions import editions_of
from shared.contracts import wire
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import ACTIVITY, CASES, EDITIONS, Topic
from shared.explain.case_log import CaseLog
from shared.explain.explanation import explanation
from shared.explain.migration_preview import candidate
from shared.explain.rebuild_case import rebuild_case
from shared.kafka import serde
from shared.kafka.record import Record
from shared.kafka.serde import Envelope
from shared.messages.catalogues import messages_in
from shared.messages.reason import Reason
from shared.policy.digest import policy_sha256
from shared.policy.model import Edition
from shared.policy.published_edition import edition_published
from shared.sla.pinned_edition import PinnedEdition, short_of
from tests.harness.decided import published
from tests.harness.unusable_editions import UNUSABLE
from tests.topology.escalation.desk import CASE, LIBRARY, NEXT, TaskDesk, as_record, at
from tests.unit.explain.explained_case import ExplainedCase

DECIDED_BY, MOVED_TO = LIBRARY.editions[0], NEXT.editions[0]
WRITTEN_MS = round(at(0).timestamp() * 1000)
TO_NEXT = {"edition": MOVED_TO.edition, "policy_sha256": policy_sha256(MOVED_TO)}


def record_of(edition: Edition) -> Record:
    """The record of an edition in the topic."""
    output = published(edition)
    return Record(output.topic, 0, 0, 0, output.key, output.value, output.headers)


def record_with(topic: Topic, event: object, offset: int) -> Record:
    """A record of the case's log."""
    value, headers = as_record(topic, CASE, event)
    return Record(topic.name, 0, offset, WRITTEN_MS, CASE.encode(), value, headers)


@pytest.fixture
def log() -> CaseLog:
    """A case that was decided by one edition and migrated to another one."""
    desk, made = TaskDesk(), CaseLog()
    events: list[tuple[Topic, object]] = [(CASES, desk.case()), (ACTIVITY, desk.activity("policy_migrated", **TO_NEXT))]
    for offset, (topic, event) in enumerate(events):
        made.take(record_with(topic, event, offset))
    return made


def test_a_case_names_the_edition_that_decided_it_and_those_it_migrated_to(log: CaseLog) -> None:
    """These are needed to count it again, and no others."""
    assert log.named_editions == {
        policy_sha256(DECIDED_BY): DECIDED_BY.edition,
        policy_sha256(MOVED_TO): MOVED_TO.edition,
    }


def test_the_editions_of_a_case_are_those_of_the_topic(log: CaseLog) -> None:
    """As far as they are there; those of other cases are not even read."""
    assert log.editions() == {}
    log.published.take(record_of(DECIDED_BY))
    assert set(log.editions()) == {short_of(policy_sha256(DECIDED_BY))}
    log.published.take(record_of(MOVED_TO))
    found = log.editions()
    assert found[short_of(policy_sha256(MOVED_TO))].edition == MOVED_TO
    assert log.editions()[short_of(policy_sha256(MOVED_TO))] is found[short_of(policy_sha256(MOVED_TO))]


@pytest.mark.parametrize("digest", ["latest", "", "ab" * 31, "AB" * 32, "ab" * 32 + "\n"])
def test_a_record_whose_digest_is_none_is_passed_over(log: CaseLog, digest: str) -> None:
    """Escalation dead-letters it. One of them must not end the explanations and previews of all cases."""
    desk, before = TaskDesk(), log.named_editions
    migrated = desk.activity("policy_migrated", edition="latest", policy_sha256=digest)
    log.take(record_with(CASES, desk.case(policy_sha256=digest), offset=2))
    log.take(record_with(ACTIVITY, migrated, offset=3))
    assert log.named_editions == before
    alone = CaseLog()
    alone.take(record_with(CASES, desk.case(policy_sha256=digest), offset=0))
    assert alone.case is None


def test_a_record_that_does_not_prove_itself_is_passed_over(log: CaseLog) -> None:
    """An explanation by rules that somebody has put under the digest would be a lie."""
    record = record_of(DECIDED_BY)
    assert isinstance(record.value, bytes)
    for wrong in (
        replace(record, value=record.value.replace(b"P1", b"P2", 1)),
        replace(record, key=b"another"),
        replace(record, value=b"damaged"),
        replace(record, value=None),
    ):
        log.published.take(wrong)
    assert log.editions() == {}


def test_an_edition_that_cannot_be_read_does_not_hide_the_others(log: CaseLog) -> None:
    """The decision can still be explained by its own edition."""
    later = b'{"edition":"of a later version"}'
    digest = hashlib.sha256(later).hexdigest()
    event = edition_published(MOVED_TO)
    unreadable = msgspec.structs.replace(event, document=later.decode(), policy_sha256=digest)
    envelope = Envelope("e1", "/frontline/router", EditionPublished.TYPE, event.effective_from, digest)
    output = serde.to_output(EDITIONS, digest, envelope, wire.encode(unreadable))
    log.published.take(record_of(DECIDED_BY))
    log.published.take(Record(output.topic, 0, 1, 0, output.key, output.value, output.headers))
    desk = TaskDesk()
    value, headers = as_record(ACTIVITY, CASE, desk.activity("policy_migrated", edition="later", policy_sha256=digest))
    log.take(Record(ACTIVITY.name, 0, 2, WRITTEN_MS, CASE.encode(), value, headers))
    found, problems = editions_of(log, messages_in(None))
    assert short_of(policy_sha256(DECIDED_BY)) in found
    assert any("cannot read edition" in problem for problem in problems)


def _begins_like(sha256: str, edition: Edition) -> PinnedEdition:
    """An edition whose digest has the same first bytes, by which cases refer to it."""
    return PinnedEdition(sha256[:10] + "0" * 54, edition)


def test_an_edition_whose_digest_only_begins_alike_is_not_taken_for_that_of_the_case() -> None:
    """Five bytes are enough for a store that refuses a second one; what is at hand here is whatever somebody has."""
    case = ExplainedCase()
    other = _begins_like(case.case.policy_sha256, MOVED_TO)
    at_hand = {short_of(other.sha256): other}
    found = explanation(case.log, case.case, at_hand, at(1), messages_in("en"))
    assert found == explanation(case.log, case.case, {}, at(1), messages_in("en"))
    assert found["clocks"] is None
    assert rebuild_case(case.log, case.case, at_hand).state is None
    why = candidate(case.log, at_hand, at(1))
    assert isinstance(why, Reason)
    assert why.facts["policy_sha256"] == case.case.policy_sha256


def test_a_migration_to_an_edition_that_only_begins_alike_changes_nothing() -> None:
    """Escalation stops at it, since its store has one place for both; nothing is explained by the wrong one."""
    case = ExplainedCase()
    other = _begins_like(case.case.policy_sha256, MOVED_TO)
    migrated = case.desk.activity("policy_migrated", edition="other", policy_sha256=other.sha256)
    before = case.explained()
    case.log.take(record_with(ACTIVITY, migrated, 0))
    found = case.explained()
    assert found["clocks"] == before["clocks"]
    assert [entry for entry in found["history"] if "activity_id" in entry] == []


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_case_by_an_edition_that_cannot_be_used_here_is_explained_without_it(name: str) -> None:
    """A traceback would hide the priority, the channel and the deadlines, which are in the log."""
    document, desk, log = UNUSABLE[name], TaskDesk(), CaseLog()
    digest = hashlib.sha256(document).hexdigest()
    log.take(record_with(CASES, desk.case(policy_sha256=digest, impact="general"), 0))
    event = msgspec.structs.replace(edition_published(DECIDED_BY), document=document.decode(), policy_sha256=digest)
    envelope = Envelope("e1", "/frontline/router", EditionPublished.TYPE, event.effective_from, digest)
    output = serde.to_output(EDITIONS, digest, envelope, wire.encode(event))
    log.published.take(Record(output.topic, 0, 1, 0, output.key, output.value, output.headers))
    found, problems = editions_of(log, messages_in("en"))
    assert (found, len(problems)) == ({}, 1)
    assert digest in problems[0]
    assert log.case is not None
    explained = explanation(log, log.case, found, desk.driver.now, messages_in("en"))
    assert (explained["priority"], explained["clocks"], explained["trace"]) == ("P3", None, [])
