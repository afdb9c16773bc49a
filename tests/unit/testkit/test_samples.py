"""The samples of the kit are events as Frontline publishes them, and there is one of each type."""

import json
from typing import Any

import pytest

from frontline_testkit import NotAnEvent, UnknownType, events, samples
from frontline_testkit.event import full_type
from shared.contracts import schema_export, topics
from shared.contracts.registry import TYPES, type_of
from shared.kafka import serde
from shared.kafka.record import Record
from tests.harness.json_schema import problems

FOLDER = schema_export.SCHEMAS.parents[2] / "testkit" / "src" / "frontline_testkit" / "samples"


def test_every_type_has_a_sample_and_no_other_has() -> None:
    """Whoever adds a type records it: `python testkit/record_samples.py`."""
    assert {full_type(path.stem) for path in FOLDER.glob("*.json")} == TYPES.keys()
    assert {full_type(name) for name in samples.names()} == TYPES.keys()


@pytest.mark.parametrize("ce_type", sorted(TYPES))
def test_a_sample_fits_its_schema_and_is_read_as_that_type(ce_type: str) -> None:
    """By the published schema, and by the reader that the services have."""
    sample = samples.load(ce_type)
    schema = json.loads((schema_export.SCHEMAS / f"{ce_type}.json").read_text(encoding="utf-8"))
    assert list(problems(json.loads(sample.value), schema, schema)) == []
    envelope, event = serde.decode(Record(sample.topic, 0, 0, 0, sample.key.encode(), sample.value, sample.headers))
    assert type_of(event) == ce_type == sample.ce_type
    assert envelope.identity == sample.identity
    assert (envelope.time, envelope.subject) == (sample.time, sample.subject)
    assert type(sample.data) is events.TYPES[ce_type]


@pytest.mark.parametrize("ce_type", sorted(TYPES))
def test_a_sample_is_on_its_topic_under_its_key(ce_type: str) -> None:
    """A consumer that groups by key would be tested with the wrong one."""
    sample = samples.load(ce_type)
    topic = next(topic for topic in topics.TOPICS if TYPES[ce_type] in topic.events)
    value: dict[str, Any] = json.loads(sample.value)
    value |= value.get("account") or {}
    assert sample.topic == topic.name
    assert sample.key in [value.get(name.strip()) for name in topic.key.split(",")]
    output = serde.to_output(topic, sample.key, serde.Envelope("i", "/s", ce_type, sample.time, "s", None), b"{}")
    assert {name for name, _ in sample.headers} - {"traceparent"} == {name for name, _ in output.headers}


def test_a_sample_is_loaded_by_its_class_or_its_name() -> None:
    """By the class, type checkers know the data."""
    by_class = samples.load(events.EscalationRaised)
    assert by_class is samples.load("escalation.raised") is samples.load("frontline.escalation.raised.v1")
    assert by_class.data.called


def test_a_type_that_does_not_exist_is_refused_with_similar_names() -> None:
    """A misspelt name would otherwise wait for an event that never comes."""
    with pytest.raises(UnknownType, match=r"no event 'escalation\.rised'; similar names: escalation\.raised"):
        samples.load("escalation.rised")
    with pytest.raises(UnknownType, match="Activity is not the data of one type"):
        samples.load(events.Activity)


def test_a_changed_sample_is_an_event_with_another_id_key_and_data() -> None:
    """For tests of order, of duplicates, and of other cases."""
    sample = samples.load(events.EscalationRaised)
    other = sample.changed(id="another", case_id="case-7", level=2)
    assert (other.id, other.key, other.subject) == ("another", "case-7", "case-7")
    assert (other.data.case_id, other.data.level) == ("case-7", 2)
    assert json.loads(other.value)["case_id"] == "case-7"
    assert other.text_headers["ce_id"] == "another"
    assert other.data.called == sample.data.called
    assert sample.key != "case-7"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"levl": 2}, "escalation.raised has no field levl"),
        ({"level": "high"}, "level: Input should be a valid integer"),
    ],
)
def test_a_change_that_does_not_fit_the_schema_is_refused(fields: dict[str, Any], message: str) -> None:
    """A test with an event that cannot exist proves nothing."""
    with pytest.raises(NotAnEvent, match=message):
        samples.load("escalation.raised").changed(**fields)
