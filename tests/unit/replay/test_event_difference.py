"""What is shown of an event that differs: which field, both values, and never what a customer wrote."""

import json
from typing import Any

import pytest

from services.replay.event_difference import ABSENT, NOT_SHOWN, FieldDifference, differences
from shared.contracts.topics import CASES
from shared.kafka.record import Headers, Output, Record
from shared.messages.reason import Reason

REWRITTEN = ("data", Reason("replay.value.another_notation"), Reason("replay.value.own_notation"))
TYPE = (("ce_type", b"frontline.case.routed.v1"),)


def between(one: Any, other: Any, headers: Headers = TYPE) -> list[FieldDifference]:
    """What differs between two events with this data."""
    published, replayed = (
        value if isinstance(value, bytes) or value is None else json.dumps(value).encode() for value in (one, other)
    )
    record = Record(CASES.name, 1, 0, 0, b"k", published, headers)
    return differences(record, Output(CASES.name, b"k", replayed, TYPE), 1)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"priority": "P1"}, {"priority": "P2"}, [("priority", "P1", "P2")]),
        ({"priority": "P1"}, {}, [("priority", "P1", ABSENT)]),
        ({}, {"priority": "P1"}, [("priority", ABSENT, "P1")]),
        ({"needs_triage": 1}, {"needs_triage": True}, [("needs_triage", 1, True)]),
        ({"account_id": None}, {"account_id": "a"}, [("account_id", None, "a")]),
        ({"entitlement": {"offset": 1}}, {"entitlement": {"offset": 2}}, [("entitlement.offset", 1, 2)]),
        ({"open_channels": ["a", "b"]}, {"open_channels": ["a", "c"]}, [("open_channels.1", "b", "c")]),
        ({"open_channels": ["a"]}, {"open_channels": []}, [("open_channels", '["a"]', "[]")]),
        ({"open_channels": "x" * 300}, {"open_channels": ""}, [("open_channels", "x" * 200 + "…", "")]),
        ({"subject": "a"}, {"subject": "b"}, [("subject", NOT_SHOWN, NOT_SHOWN)]),
        ({"subject": "a"}, {}, [("subject", NOT_SHOWN, ABSENT)]),
        ({"made_up": "a"}, {}, [("made_up", NOT_SHOWN, ABSENT)]),
        ({"made_up": {"priority": "a"}}, {"made_up": {}}, [("made_up.priority", NOT_SHOWN, ABSENT)]),
        (["a"], {"priority": "P1"}, [("data", NOT_SHOWN, NOT_SHOWN)]),
        (b"nonsense", {}, [("data", Reason("replay.value.not_json"), NOT_SHOWN)]),
        (b"[" * 100_000, {}, [("data", Reason("replay.value.not_json"), NOT_SHOWN)]),
        (None, {}, [("data", ABSENT, NOT_SHOWN)]),
        (b'{ "priority":"P1"}', {"priority": "P1"}, [REWRITTEN]),
    ],
)
def test_each_field_is_listed_with_both_values(one: Any, other: Any, expected: list[tuple[str, Any, Any]]) -> None:
    """Only what the contract describes is shown, and only so much of it as one can read."""
    assert between(one, other) == [FieldDifference(*each) for each in expected]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), [("header ce_type", ABSENT, "frontline.case.routed.v1")]),
        ((("ce_type", b"x"),), [("header ce_type", "x", "frontline.case.routed.v1")]),
        ((*TYPE, ("more", b"words")), [("header more", NOT_SHOWN, ABSENT)]),
        (
            (*TYPE, *TYPE),
            [
                (
                    "headers",
                    Reason("replay.value.headers_out_of_order"),
                    Reason("replay.value.headers_in_order"),
                )
            ],
        ),
        ((*TYPE, ("ce_time", b"x"), ("traceparent", b"y")), []),
    ],
)
def test_headers_are_compared_by_name(headers: Headers, expected: list[tuple[str, Any, Any]]) -> None:
    """All but the time of writing and the trace context."""
    assert between({}, {}, headers) == [FieldDifference(*each) for each in expected]
