"""CloudEvents 1.0 in Kafka records: binary mode written, both modes read, what is neither refused with its reason."""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import wire
from shared.contracts.registry import TYPES, struct_for
from shared.contracts.structs import ActivityRecorded, EntitlementWithdrawn
from shared.contracts.topics import ENTITLEMENTS, REQUESTS
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Headers, Record
from shared.kafka.serde import Envelope
from tests.contract.event_json import full_tree, text

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
AT = datetime(2026, 11, 23, 10, 0, 0, 250000, UTC)
ENVELOPE = Envelope("e1", "/frontline/intake", EntitlementWithdrawn.TYPE, AT, "acme", TRACE)
DATA = b'{"account_id":"acme","withdrawn_at":"2026-11-23T10:00:00Z"}'
HEADERS: dict[str, bytes] = {
    "ce_specversion": b"1.0",
    "ce_id": b"e1",
    "ce_source": b"/frontline/intake",
    "ce_type": b"frontline.entitlement.withdrawn.v1",
    "ce_time": b"2026-11-23T10:00:00.250000Z",
    "ce_subject": b"acme",
    "content-type": b"application/json",
    "traceparent": TRACE.encode(),
}
STRUCTURED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/frontline/intake",
    "type": "frontline.entitlement.withdrawn.v1",
    "time": "2026-11-23T11:00:00.25+01:00",
    "subject": "acme",
    "datacontenttype": "application/json",
    "traceparent": TRACE,
    "data": {"account_id": "acme", "withdrawn_at": "2026-11-23T10:00:00Z"},
}


def record(value: bytes | None = DATA, headers: Headers | dict[str, bytes] | None = None) -> Record:
    """A record of the entitlements topic."""
    chosen = HEADERS if headers is None else headers
    pairs = tuple(chosen.items()) if isinstance(chosen, dict) else chosen
    return Record(ENTITLEMENTS.name, 2, 17, 0, b"acme", value, pairs)


def structured(content_type: str = "application/cloudevents+json", **changes: Any) -> Record:
    """The same event in structured mode, with attributes replaced or, where `...`, left out."""
    event = {name: value for name, value in {**STRUCTURED, **changes}.items() if value is not ...}
    return record(json.dumps(event).encode(), {"content-type": content_type.encode()})


def changed(**changes: bytes | None) -> Record:
    """The event in binary mode with headers replaced or, where None, left out (`_` stands for `-`, `ce_` stays)."""
    named = {name if name.startswith("ce_") else name.replace("_", "-"): value for name, value in changes.items()}
    return record(headers={n: v for n, v in {**HEADERS, **named}.items() if v is not None})


def refusal(spoilt: Record) -> str:
    """Why `read` takes it for malformed."""
    with pytest.raises(PoisonRecord) as caught:
        serde.read(spoilt)
    assert caught.value.cause == "malformed_event"
    return str(caught.value)


def test_an_event_is_written_in_binary_mode() -> None:
    """Header names, their values and order are published: other languages read them (CloudEvents Kafka binding 3.2)."""
    output = serde.to_output(ENTITLEMENTS, "acme", ENVELOPE, DATA)
    assert (output.topic, output.key, output.value, output.partition) == (ENTITLEMENTS.name, b"acme", DATA, None)
    assert list(output.headers) == list(HEADERS.items())


def test_unknown_attributes_are_not_written() -> None:
    """An empty attribute would be malformed."""
    output = serde.to_output(REQUESTS, "r1", Envelope("e1", "/frontline/intake", "t"), b"{}")
    assert [name for name, _ in output.headers] == ["ce_specversion", "ce_id", "ce_source", "ce_type", "content-type"]


def test_an_event_without_data_is_not_written() -> None:
    """On a compacted topic it would be a tombstone, anywhere else a dead letter at the reader."""
    with pytest.raises(ValueError, match="needs data"):
        serde.to_output(ENTITLEMENTS, "acme", ENVELOPE, b"")


def test_only_a_compacted_topic_has_tombstones() -> None:
    """Elsewhere a record without a value is a mistake."""
    tombstone = serde.tombstone(ENTITLEMENTS, "acme")
    assert (tombstone.topic, tombstone.key, tombstone.value) == (ENTITLEMENTS.name, b"acme", None)
    with pytest.raises(ValueError, match="not compacted"):
        serde.tombstone(REQUESTS, "acme")


def test_a_tombstone_is_recognised_and_is_not_an_event() -> None:
    """Who reads a compacted topic asks first; everybody else has a malformed record."""
    assert serde.is_tombstone(record(None))
    assert not serde.is_tombstone(record())
    assert not serde.is_tombstone(record(b""))
    assert "no value" in refusal(record(None))


@given(
    st.builds(
        Envelope,
        id=st.text("aé𐀀 /-", min_size=1),
        source=st.text("aé𐀀/:?", min_size=1),
        type=st.sampled_from(sorted(TYPES)),
        time=st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
        subject=st.none() | st.text("aé𐀀 ", min_size=1),
        traceparent=st.sampled_from([None, TRACE]),
    )
)
def test_an_event_is_read_as_it_was_written(envelope: Envelope) -> None:
    """Any text, any instant."""
    output = serde.to_output(ENTITLEMENTS, "acme", envelope, DATA)
    assert serde.read(record(output.value, output.headers)) == (envelope, DATA)


def test_both_modes_carry_the_same_event() -> None:
    """A producer chooses the mode; nobody after it should notice."""
    assert serde.read(record()) == (ENVELOPE, DATA)
    envelope, data = serde.read(structured())
    assert envelope == ENVELOPE
    assert json.loads(data) == json.loads(DATA)
    assert serde.decode(structured()) == serde.decode(record())


def test_the_order_of_headers_does_not_matter() -> None:
    """Kafka keeps it, CloudEvents does not use it."""
    assert serde.read(record(headers=tuple(reversed(HEADERS.items())))) == (ENVELOPE, DATA)


def test_attributes_that_the_contract_does_not_use_are_skipped() -> None:
    """Extensions such as `partitionkey` or `dataschema` come and go; so do headers of other tools."""
    others = changed(ce_dataschema=b"https://example.com/s", ce_partitionkey=b"acme", x_tool=b"\xff")
    assert serde.read(others) == (ENVELOPE, DATA)
    assert serde.read(structured(dataschema="https://example.com/s", sequence=7))[0] == ENVELOPE


def test_optional_attributes_may_be_missing() -> None:
    """Time, subject and trace are optional, and so is saying that the data is JSON."""
    envelope, _ = serde.read(changed(ce_time=None, ce_subject=None, content_type=None, traceparent=None))
    assert envelope == Envelope("e1", "/frontline/intake", EntitlementWithdrawn.TYPE)
    null: Any = None  # clients in other languages send headers without a value
    nulls = dict.fromkeys(("ce_time", "ce_subject", "content-type", "traceparent"), null)
    assert serde.read(record(headers={**HEADERS, **nulls}))[0] == envelope
    bare, _ = serde.read(structured(time=..., subject=..., datacontenttype=..., traceparent=...))
    assert bare == envelope


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=ISO-8859-1",
        "APPLICATION/JSON",
        "application/vnd.example+json",
    ],
)
def test_json_is_json_whatever_its_parameters(content_type: str) -> None:
    """A charset has no meaning for JSON, which is UTF-8 (RFC 8259 section 11)."""
    assert serde.read(changed(content_type=content_type.encode())) == (ENVELOPE, DATA)
    assert serde.read(structured(datacontenttype=content_type))[0] == ENVELOPE


@pytest.mark.parametrize(
    "content_type",
    ["application/cloudevents+json; charset=UTF-8", "Application/CloudEvents+JSON", "application/cloudevents+json;x=y"],
)
def test_structured_mode_is_known_by_its_content_type(content_type: str) -> None:
    """In any case and with any parameter."""
    assert serde.read(structured(content_type))[0] == ENVELOPE


def test_structured_data_may_be_base64() -> None:
    """The JSON format's way for bytes; the bytes must still be JSON for us."""
    encoded = base64.b64encode(DATA).decode()
    assert serde.read(structured(data=..., data_base64=encoded)) == (ENVELOPE, DATA)


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_source", "ce_type"])
def test_a_required_header_is_required_and_not_empty(name: str) -> None:
    """(source, id) identifies an event: without them, duplicates cannot be detected."""
    assert refusal(changed(**{name: None})) == f"header {name} is missing"
    assert name in refusal(changed(**{name: b""}))
    assert name in refusal(changed(**{name: b"\xff"}))
    null: Any = None
    assert name in refusal(record(headers={**HEADERS, name: null}))
    upper = {("Ce_" + n[3:] if n == name else n): v for n, v in HEADERS.items()}
    assert refusal(record(headers=upper)) == f"header {name} is missing"
    assert refusal(record(headers=(*HEADERS.items(), (name, HEADERS[name])))) == f"header {name} is given twice"


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_a_required_attribute_is_required_and_not_empty(name: str) -> None:
    """The same in structured mode."""
    spoilings: list[Any] = [..., None, "", 7, "a\nb"]
    for spoilt in spoilings:
        assert name in refusal(structured(**{name: spoilt}))


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (changed(ce_specversion=b"0.3"), "ce_specversion must be 1.0"),
        (changed(ce_specversion=b"1.0.2"), "ce_specversion must be 1.0"),
        (changed(ce_time=b"yesterday"), "ce_time must be an RFC 3339 instant"),
        (changed(ce_time=b"2026-11-23T10:00:00"), "with a zone"),
        (changed(ce_time=b"0001-01-01T00:00:00+01:00"), "ce_time must lie"),
        (changed(ce_time=b""), "ce_time is empty"),
        (changed(ce_subject=b""), "ce_subject is empty"),
        (changed(ce_id=b"a\x00b"), "ce_id has control characters"),
        (changed(ce_id="a\u0085b".encode()), "ce_id has control characters"),
        (changed(content_type=b"text/plain"), "must be application/json, not 'text/plain'"),
        (changed(content_type=b""), "must be application/json"),
        (changed(content_type=b"\xff\xfe"), "must be application/json"),
        (changed(content_type=b"application/cloudevents-batch+json"), "is not supported"),
        (changed(content_type=b"application/cloudevents+avro"), "is not supported"),
        (record(b""), "has no data"),
        (record(headers=()), "ce_specversion is missing"),
        (record(headers=(*HEADERS.items(), ("content-type", b"application/json"))), "content-type is given twice"),
        (structured(specversion="0.3"), "specversion must be 1.0"),
        (structured(time="yesterday"), "time must be an RFC 3339 instant"),
        (structured(time=0), "time"),
        (structured(subject=""), "subject is empty"),
        (structured(datacontenttype="application/xml"), "must be application/json, not 'application/xml'"),
        (structured(data=...), "has no data"),
        (structured(data=..., data_base64=""), "has no data"),
        (structured(data=..., data_base64="§"), "invalid base64"),
        (structured(data=..., data_base64="abc"), "invalid base64"),
        (structured(data_base64="e30="), "exclude each other"),
        (record(b"[]", {"content-type": b"application/cloudevents+json"}), "expected `object`"),
        (record(b"{", {"content-type": b"application/cloudevents+json"}), "is not JSON"),
        (record(b'{"x":"\xff"}', {"content-type": b"application/cloudevents+json"}), "is not JSON"),
        (record(b'{"x":' + b"[" * 99_999, {"content-type": b"application/cloudevents+json"}), "is not JSON"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_record_that_is_not_a_cloud_event_with_json_data_is_malformed(spoilt: Record, reason: str) -> None:
    """Each with a reason that its producer can act on."""
    assert reason.lower() in refusal(spoilt).lower()


@given(
    st.binary(max_size=40) | st.none(),
    st.lists(
        st.tuples(st.sampled_from([*HEADERS, "x"]), st.binary(max_size=40) | st.sampled_from(list(HEADERS.values()))),
        max_size=9,
    ),
)
def test_no_record_ends_in_another_kind_of_error(value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    """Any other exception would stop the task instead of dead-lettering the record."""
    for content_type in ([], [("content-type", b"application/cloudevents+json")]):
        with suppress(PoisonRecord):
            serde.decode(record(value, (*headers, *content_type)))


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "00",
        TRACE.upper(),
        TRACE + "-00",
        TRACE + "\n",
        "ff" + TRACE[2:],
        "00-" + "0" * 32 + TRACE[35:],
        TRACE[:36] + "0" * 16 + TRACE[52:],
        TRACE[:-1] + "é",
        TRACE[:-1],
    ],
)
def test_a_traceparent_that_is_not_valid_is_dropped(traceparent: str) -> None:
    """W3C Trace Context 3.2.2: start a new trace. An event is not refused for it."""
    assert serde.read(changed(traceparent=traceparent.encode()))[0].traceparent is None
    assert serde.read(structured(traceparent=traceparent))[0].traceparent is None


def test_the_trace_is_found_where_producers_put_it() -> None:
    """As a header of its own, as CloudEvents' extension, in the structured event; a later version may add fields."""
    assert serde.read(changed(traceparent=None, ce_traceparent=TRACE.encode()))[0].traceparent == TRACE
    later = "01" + TRACE[2:] + "-more"
    assert serde.read(changed(traceparent=later.encode()))[0].traceparent == later
    beside = structured(traceparent=...)
    beside = Record(**{**_fields(beside), "headers": (*beside.headers, ("traceparent", TRACE.encode()))})
    assert serde.read(beside)[0].traceparent == TRACE
    twice = record(headers=(*HEADERS.items(), ("traceparent", TRACE.encode())))
    assert serde.read(twice)[0].traceparent is None


def _fields(of: Record) -> dict[str, Any]:
    return {name: getattr(of, name) for name in Record.__slots__}


def test_an_event_is_the_same_event_by_its_source_and_id() -> None:
    """Ids are unique within a source only."""
    again = Envelope("e1", "/frontline/intake", "another.type", AT + timedelta(days=1))
    assert again.identity == ENVELOPE.identity
    assert Envelope("e1", "/frontline/router", ENVELOPE.type).identity != ENVELOPE.identity


@pytest.mark.parametrize("ce_type", sorted(TYPES))
def test_every_type_of_event_is_decoded_into_its_struct(ce_type: str) -> None:
    """The registry is the one list of what exists; an activity's type is also in its data."""
    model = TYPES[ce_type]
    tree = full_tree(model)
    if struct_for(ce_type) is ActivityRecorded:
        tree["type"] = ce_type.split(".")[2]
    envelope, event = serde.decode(record(text(tree).encode(), {**HEADERS, "ce_type": ce_type.encode()}))
    assert envelope.type == ce_type
    assert type(event) is struct_for(ce_type)
    assert wire.decode(type(event), wire.encode(event)) == event


def test_a_type_that_nobody_publishes_is_named() -> None:
    """Other than malformed: the record may be fine and this reader too old."""
    for unknown in ("frontline.case.routed.v2", "frontline.activity.{type}.v1", "frontline.activity.sneezed.v1"):
        with pytest.raises(PoisonRecord, match="is not an event of Frontline") as caught:
            serde.decode(changed(ce_type=unknown.encode()))
        assert caught.value.cause == "unknown_type"


def test_an_activity_whose_type_differs_from_its_envelope_is_malformed() -> None:
    """Consumers may filter by the header alone, so it must not lie."""
    tree = {**full_tree(TYPES[ActivityRecorded.TYPE.format(type="closed")]), "type": "resolved"}
    headers = {**HEADERS, "ce_type": b"frontline.activity.closed.v1"}
    with pytest.raises(PoisonRecord, match=r"ce_type is frontline\.activity\.closed\.v1 but the data is of") as caught:
        serde.decode(record(text(tree).encode(), headers))
    assert caught.value.cause == "malformed_event"


def test_malformed_data_is_reported_with_its_field_and_without_its_value() -> None:
    """The message ends in logs and in the dead letter's headers."""
    with pytest.raises(PoisonRecord, match=r"withdrawn_at: invalid RFC3339") as caught:
        serde.decode(record(b'{"account_id":"acme","withdrawn_at":"my secret"}'))
    assert "secret" not in str(caught.value)


def test_an_offset_in_ce_time_is_converted() -> None:
    """Instants are in UTC inside."""
    envelope, _ = serde.read(changed(ce_time=b"2026-11-23T11:00:00+01:00"))
    assert envelope.time == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert envelope.time.tzinfo is UTC
    madrid = Envelope("e", "s", "t", datetime(2026, 11, 23, 11, tzinfo=timezone(timedelta(hours=1))))
    assert dict(serde.to_output(REQUESTS, "k", madrid, b"{}").headers)["ce_time"] == b"2026-11-23T10:00:00Z"
