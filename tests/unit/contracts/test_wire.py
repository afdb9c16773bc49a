"""Reading and writing events: errors name the field and never quote what a customer wrote."""

import msgspec
import pytest

from shared.contracts import wire
from shared.contracts.base import CausedBy
from shared.contracts.intake import ActivityRecorded, EntitlementSet

SECRET = "my-host-key-is-123456"
ENTITLEMENT = {
    "account": {
        "account_id": "acme",
        "plan": "premier",
        "account_type": "enterprise",
        "paid": True,
        "contacts": [{"requester_id": "u1", "role": "admin", "licensed": True}],
    },
    "set_at": "2026-11-23T10:00:00Z",
}


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ('"premier"', f'"{SECRET * 2}"', "account.plan", "expected `str` of length <= 40"),
        ('"admin"', '""', "account.contacts[0].role", "expected `str` of length >= 1"),
        ('"u1"', "17", "account.contacts[0].requester_id", "expected `str`, got `int`"),
        ('"u1"', '""', "account.contacts[0].requester_id", "expected `str` of length >= 1"),
        ('"role":"admin",', "", "account.contacts[0].role", "is missing"),
        ('"2026-11-23T10:00:00Z"', f'"{SECRET}"', "set_at", "invalid RFC3339 encoded datetime"),
        ('"2026-11-23T10:00:00Z"', '"2026-11-23T10:00:00"', "set_at", "expected `datetime` with a timezone component"),
        ('"2026-11-23T10:00:00Z"', '"9999-12-31T23:00:00-05:00"', "", "must lie between the years 1 and 9999 in UTC"),
        (',"set_at":"2026-11-23T10:00:00Z"', "", "set_at", "is missing"),
        ('{"account":', f'{{"{SECRET}":1,"account":7,"x":', "account", "expected `object`, got `int`"),
    ],
)
def test_an_error_names_the_field_and_not_the_value(old: str, new: str, field: str, message: str) -> None:
    """The message goes to logs and dead letters, where a customer's text has no place."""
    data = msgspec.json.encode(ENTITLEMENT).decode()
    assert old in data
    with pytest.raises(wire.MalformedData) as caught:
        wire.decode(wire.struct(EntitlementSet), data.replace(old, new, 1).encode())
    assert (caught.value.field, caught.value.message) == (field, message)
    assert SECRET not in str(caught.value)


def test_a_word_of_the_contract_is_named_among_those_that_there_are() -> None:
    """The words that code knows; which others there are only an edition can say."""
    start = '{"case_id":"c","activity_id":"a","type":'
    with pytest.raises(wire.MalformedData, match=r"^type: must be one of agent_replied, customer_replied, "):
        wire.decode(wire.struct(ActivityRecorded), f'{start}"{SECRET}"}}'.encode())


def test_a_key_that_cannot_be_a_word_is_named_by_its_place() -> None:
    """Keys can be a customer's text as well."""
    start = '{"case_id":"c","activity_id":"a","type":"reprioritised","milestones":'
    terms = f'{start}{{"restoration":{{"target_seconds":1,"hours":"{SECRET}"}}}}}}'
    with pytest.raises(wire.MalformedData, match=r"^milestones\[\.\.\.\]\.hours: must be one of elapsed, business, e"):
        wire.decode(wire.struct(ActivityRecorded), terms.encode())
    with pytest.raises(wire.MalformedData, match=r"^milestones: expected `str` of length <= 40$"):
        wire.decode(wire.struct(ActivityRecorded), f'{start}{{"{SECRET * 2}":{{}}}}}}'.encode())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not JSON: Input data was truncated"),
        (b"{", "is not JSON: Input data was truncated"),
        (SECRET.encode(), "is not JSON: JSON is malformed: invalid character (byte 0)"),
        (b'{"x": "\xff"}', "is not UTF-8 (byte 7)"),
        (b"null", "expected `object`, got `null`"),
        (b'{"x":' + b"[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_is_no_object_in_json_is_refused_as_a_whole(data: bytes, message: str) -> None:
    """Nothing that a topic can hold may end in another kind of error."""
    with pytest.raises(wire.MalformedData) as caught:
        wire.decode(wire.struct(EntitlementSet), data)
    assert (caught.value.field, str(caught.value)) == ("", message)


def test_required_fields_are_written_even_if_null_and_defaults_are_not() -> None:
    """A reader can tell "nothing" from "not said", and events stay small."""
    made = wire.struct(CausedBy)(partition=0, topic="support.requests.v1", offset=None)
    assert wire.encode(made) == b'{"partition":0,"topic":"support.requests.v1"}'
    model = EntitlementSet.model_validate_json(msgspec.json.encode(ENTITLEMENT))
    assert wire.encode(wire.from_model(wire.struct(type(model)), model)) == msgspec.json.encode(ENTITLEMENT)
