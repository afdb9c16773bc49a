"""What a reader of `support.editions.v1` relies on: the whole edition, under a digest that anybody can compute."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts import wire
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import EDITIONS
from shared.kafka import serde
from shared.kafka.edition_record import edition_record
from shared.kafka.partitioning import partition_for
from shared.kafka.record import size_of
from shared.kafka.serde import Envelope
from shared.policy.files import load_edition
from shared.policy.published_edition import (
    UnusableEdition,
    check_digest,
    edition_of,
    edition_published,
    read_document,
)
from tests.contract.tree import ROOT
from tests.harness.asking import MONDAY_NOON
from tests.harness.decided import routed
from tests.harness.unusable_editions import UNUSABLE

SHIPPED = sorted(path.stem for path in (ROOT / "policies").glob("*-20*.yaml"))
PAGE = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OTHER = "0" * 64


def event_of(name: str) -> EditionPublished:
    """The event of an edition that ships."""
    return edition_published(load_edition(name))


def changed(event: EditionPublished, **new: Any) -> EditionPublished:
    """The same event with other fields."""
    return EditionPublished(**{field: getattr(event, field) for field in event.__struct_fields__} | new)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_digest_is_computed_by_the_lines_of_the_page(name: str) -> None:
    """Readers in other languages have only the page; the lines use the standard library and nothing of ours."""
    event = event_of(name)
    (lines,) = (block for block in BLOCKS if "hashlib" in block)
    given: dict[str, Any] = {"value": wire.encode(event), "key": event.policy_sha256.encode()}
    exec(lines, given)  # noqa: S102 - our own page
    assert given["edition"]["edition"] == name


def test_the_whole_decision_is_worked_out_by_the_lines_of_the_page() -> None:
    """A reader in Python has the phone numbers, the trace and the notes of a case in these lines."""
    (lines,) = (block for block in BLOCKS if "whole_decision" in block)
    case = routed("c1", MONDAY_NOON)
    given: dict[str, Any] = {
        "case_value": wire.encode(case),
        "edition_value": wire.encode(event_of("guidelines-2021")),
    }
    exec(lines, given)  # noqa: S102 - our own page
    assert (given["decision"].priority, given["decision"].policy_sha256) == (case.priority, case.policy_sha256)
    assert [number.extension for number in given["decision"].phone_numbers] == ["2"]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_document_is_written_as_the_page_describes(name: str) -> None:
    """Compact, in its own order, characters as themselves: so it can be told why two digests differ."""
    document = event_of(name).document
    again = json.dumps(json.loads(document), ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(again.encode()).hexdigest() == event_of(name).policy_sha256
    assert not document.endswith("\n")


@pytest.mark.parametrize("name", SHIPPED)
def test_an_edition_that_is_read_back_is_the_same_edition(name: str) -> None:
    """Holidays and zones are those of when it was resolved, whatever is installed where it is read."""
    event = wire.decode(EditionPublished, wire.encode(event_of(name)))
    check_digest(event, event.policy_sha256.encode())
    assert edition_of(event) == load_edition(name)
    data = json.loads(event.document)
    assert (data["edition"], data["tzdata_version"], data["holidays_version"]) == (
        *(event.edition, event.tzdata_version, event.holidays_version),
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_an_edition_that_ships_fits_its_topic_four_times(name: str) -> None:
    """Uncompressed, as the limit counts; room for editions with more calendars, numbers and languages."""
    envelope = Envelope("1" * 32, "/frontline/router", EditionPublished.TYPE, datetime(2026, 11, 23, tzinfo=UTC), OTHER)
    output = serde.to_output(EDITIONS, OTHER, envelope, wire.encode(event_of(name)))
    assert 4 * size_of(output.key, output.value, output.headers) < EDITIONS.max_message_bytes


def test_a_document_with_another_digest_is_refused() -> None:
    """Whoever decides by what he read must not be given another rule under the same name."""
    event = event_of(SHIPPED[0])
    tampered = changed(event, document=event.document.replace("P1", "P2", 1))
    with pytest.raises(UnusableEdition, match="the SHA-256 of the document is"):
        check_digest(tampered, event.policy_sha256.encode())
    with pytest.raises(UnusableEdition, match="the SHA-256 of the document is"):
        edition_of(tampered)


@pytest.mark.parametrize("key", [None, OTHER.encode()])
def test_a_record_under_another_key_is_refused(key: bytes | None) -> None:
    """Compaction keeps one record of each key: under a wrong key it would replace another edition."""
    with pytest.raises(UnusableEdition, match="the key must be"):
        check_digest(event_of(SHIPPED[0]), key)


def test_the_record_of_an_edition_names_its_publisher_and_is_otherwise_the_same_whoever_writes_it() -> None:
    """Compaction keeps either one, and a reader drops the second by its source and id."""
    event = event_of(SHIPPED[0])
    at = datetime(2026, 11, 23, tzinfo=UTC)
    first, second = (
        edition_record(event, source=source, at=at, traceparent=None, partitions=6)
        for source in ("/frontline/router", "/frontline/escalation")
    )
    assert (first.topic, first.key) == (EDITIONS.name, event.policy_sha256.encode())
    assert first.partition == partition_for(event.policy_sha256.encode(), 6)
    assert (first.key, first.value, first.partition) == (second.key, second.value, second.partition)
    assert {*first.headers} ^ {*second.headers} == {
        ("ce_source", b"/frontline/router"),
        ("ce_source", b"/frontline/escalation"),
    }


def test_a_document_of_another_version_is_named() -> None:
    """A later version may have rules that this one does not know: it must say so and not guess."""
    document = '{"edition":"later"}'
    digest = hashlib.sha256(document.encode()).hexdigest()
    event = changed(event_of(SHIPPED[0]), edition="later", policy_sha256=digest, document=document)
    check_digest(event, digest.encode())
    with pytest.raises(UnusableEdition, match="cannot read edition"):
        edition_of(event)


def test_an_edition_with_a_zone_that_is_not_known_here_is_refused_where_it_is_read() -> None:
    """Whoever reads one handles that error; an error of a calendar would end the command or the service."""
    document = UNUSABLE["unknown_zone"]
    with pytest.raises(UnusableEdition, match="Mars/Olympus"):
        read_document(document, hashlib.sha256(document).hexdigest())
