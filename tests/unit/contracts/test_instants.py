"""An instant is RFC 3339 text, wherever a model reads one: numbers and dates are never guessed."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from services.intake.activity import Activity
from services.intake.entitlement import EntitlementBody
from shared.contracts.base import Instant
from shared.contracts.structs import EntitlementWithdrawn
from shared.messages.field_reasons import reason_of

NUMBERS = (0, 1, -1, 1785571200, 1785571200.5, 1785571200000, 1785571200000000, 10**30, True)
NAIVE = datetime(2026, 8, 1)  # noqa: DTZ001 - what is refused
TEXTS = ("1785571200", "1785571200.5", "2026-08-01", "20260801T080000Z", "2026-08-01T08:00:00", "now", "")


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("value", [*NUMBERS, *TEXTS, [], {}, date(2026, 8, 1), NAIVE])
def test_what_is_no_rfc_3339_text_is_refused_in_our_words(value: Any, strict: bool) -> None:
    """In Python and in JSON, where a model is strict and where it is not."""
    adapter: TypeAdapter[Any] = TypeAdapter(dict[str, Instant], config=ConfigDict(strict=strict))
    given = {"at": value}
    readers: list[Callable[[], Any]] = [lambda: adapter.validate_python(given)]
    if not isinstance(value, date):
        readers.append(lambda: adapter.validate_json(json.dumps(given)))
    for read in readers:
        with pytest.raises(ValidationError) as refused:
            read()
        (error,) = refused.value.errors()
        assert reason_of(error["type"], error.get("ctx", {}))[0] == "field.instant"


@pytest.mark.parametrize("text", ["2026-08-01T08:00:00Z", "2026-08-01T10:00:00.000+02:00"])
def test_an_instant_is_read_in_utc(text: str) -> None:
    """With any zone that is written out."""
    assert TypeAdapter(Instant).validate_python(text) == datetime(2026, 8, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize("value", [*NUMBERS, *TEXTS])
def test_events_and_bodies_of_intake_refuse_them_too(value: Any) -> None:
    """The hot path reads structs, and intake its own models."""
    event = {"account_id": "a", "withdrawn_at": value}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(event), type=EntitlementWithdrawn)
    for at in ("at", "until"):
        with pytest.raises(ValidationError):
            Activity.model_validate_json(json.dumps({"type": "status_changed", "to": "open", at: value}))
    account = {"plan": "premier", "account_type": "business", "paid": True, "valid_from": value}
    with pytest.raises(ValidationError):
        EntitlementBody.model_validate_json(json.dumps(account))
