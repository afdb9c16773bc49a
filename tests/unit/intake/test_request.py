"""A submission: which fields are kept, and when two submissions are the same."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from services.intake.request import Submission, accept, partition_key
from shared.contracts import wire
from shared.contracts.structs import SupportRequestSubmitted
from tests.harness.intake import submission

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRETS = {"meeting_id": "918-273-6455", "host_key": "557331"}


def _read(**given: Any) -> Submission:
    return Submission.model_validate_json(json.dumps(submission(**given)))


def _accept(client: str = "shop", **given: Any) -> SupportRequestSubmitted:
    return accept(_read(**given), client=client, authenticated_by="api_key", request_id="r1", received_at=NOW)


def test_the_event_has_the_fields_of_the_submission() -> None:
    """Intake adds only the client, the instant and the ids."""
    event = _accept(language="es", country="ES")
    assert (event.account_id, event.requester.requester_id, event.requester.role) == ("acme", "u1", "admin")
    assert (event.client, event.authenticated_by, event.received_at) == ("shop", "api_key", NOW)
    assert (event.language, event.country, event.channel) == ("es", "ES", "web_ticket")


def test_the_event_has_the_fields_that_were_sent() -> None:
    """The router fills in the defaults of the edition that counts; nobody can tell them apart from claims otherwise."""
    assert dict(_accept(workaround=...).fields) == {
        "impact": "down",
        "environment": "production",
        "request_type": "technical",
    }
    assert _accept(fields={}).fields == {}
    assert _accept(fields=...).fields == {}


def test_the_event_says_who_opened_it() -> None:
    """Customers do, unless a desk says that it did."""
    assert (_accept().opened_by, _accept(opened_by="agent").opened_by) == ("customer", "agent")


def test_an_event_survives_its_own_wire_format() -> None:
    """Intake must never publish what the router cannot read."""
    event = _accept(phone=SECRETS)
    assert wire.decode(SupportRequestSubmitted, wire.encode(event)) == event


@pytest.mark.parametrize(
    ("phone", "kept", "lacks"),
    [
        (..., None, True),
        ({}, (False, False), True),
        ({"meeting_id": None, "host_key": " "}, (False, False), True),
        ({"meeting_id": "1"}, (True, False), True),
        ({"host_key": "1"}, (False, True), True),
        (SECRETS, (True, True), False),
    ],
    ids=["absent", "empty", "blank", "meeting", "host", "both"],
)
def test_only_whether_phone_details_were_given_is_kept(phone: Any, kept: Any, lacks: bool) -> None:
    """They are credentials of the caller: the values never leave intake, nor does intake keep them."""
    read = _read(channel="phone", phone=phone)
    event = _accept(channel="phone", phone=phone)
    found = event.phone and (event.phone.meeting_id_given, event.phone.host_key_given)
    assert found == kept
    assert read.lacks_phone_details("phone") is lacks
    published = wire.encode(event).decode() + repr(read)
    assert SECRETS["meeting_id"] not in published
    assert SECRETS["host_key"] not in published


def test_other_channels_need_no_phone_details() -> None:
    """The reminder is for callers, and the edition says which channel is a phone, if any is."""
    assert not _read(channel="chat").lacks_phone_details("phone")
    assert _read(channel="hotline").lacks_phone_details("hotline")
    assert not _read(channel="phone").lacks_phone_details("hotline")
    assert not _read(channel="phone").lacks_phone_details(None)


def test_the_digest_does_not_depend_on_the_layout_of_the_json() -> None:
    """A client that sends the same again may order and space it differently, or spell out nulls."""
    usual = submission()
    shuffled = dict(reversed(list(usual.items()))) | {"country": None, "phone": None}
    other = Submission.model_validate_json(json.dumps(shuffled, indent=3))
    assert other.digest == _read().digest


def test_the_digest_does_not_depend_on_the_values_of_phone_details() -> None:
    """A digest over a six-digit key would reveal the key to an attacker who tries all keys."""
    one, other = _read(phone=SECRETS), _read(phone={"meeting_id": "1", "host_key": "2"})
    assert one.digest == other.digest
    assert one.digest != _read(phone={"meeting_id": "1"}).digest


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_id", "other"),
        ("requester", {"requester_id": "u2", "role": "admin", "licensed": True}),
        ("channel", "chat"),
        ("subject", "Another"),
        ("description", "Another."),
        ("impact", "general"),
        ("workaround", "full"),
        ("environment", "beta"),
        ("request_type", "billing"),
        ("language", "es"),
        ("country", "FR"),
        ("phone", {}),
        ("opened_by", "agent"),
    ],
)
def test_a_difference_in_a_kept_field_is_another_submission(field: str, value: Any) -> None:
    """The same key with any of these is a conflict, not a repetition."""
    assert _read(**{field: value}).digest != _read().digest


def test_requests_of_an_account_share_a_partition_and_anonymous_ones_are_spread() -> None:
    """The router meets an account's requests where it keeps its entitlement."""
    assert partition_key(_accept()) == "acme"
    anonymous = _accept(account_id=...)
    assert partition_key(anonymous) == anonymous.request_id


@pytest.mark.parametrize("claim", ["plan", "priority", "case_id", "tier", "received_at", "request_id", "client"])
def test_a_client_cannot_claim_a_decided_field(claim: str) -> None:
    """Unknown fields are refused, so that no client believes that they had an effect."""
    with pytest.raises(ValidationError):
        _read(**{claim: "P1"})
