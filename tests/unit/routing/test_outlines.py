"""What is kept of decisions: enough to be fast, and never more than a bound."""

from typing import cast

import pytest

from shared.business_time.errors import CalendarError
from shared.routing import outlines
from shared.routing.outlines import Outline, Outlines
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.anyone import Person
from tests.harness.asking import MONDAY_NOON, account, phone_ready, request, requester

NOTHING = cast(Outline, object())  # only its identity counts


def test_an_outline_is_kept_from_its_second_use_on() -> None:
    """Most of what comes once never comes again, and would only push out what does."""
    kept = Outlines()
    assert kept.get("a") is None
    kept.offer("a", NOTHING)
    assert kept.get("a") is None
    kept.offer("a", NOTHING)
    assert kept.get("a") is NOTHING


def test_no_more_is_kept_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends a million kinds of requests must not fill the memory."""
    monkeypatch.setattr(outlines, "_KEPT", 3)
    monkeypatch.setattr(outlines, "_COUNTED", 3)
    kept = Outlines()
    for key in range(100):
        for _ in range(2):
            kept.offer(key, NOTHING)
        kept.offer(-1 - key, NOTHING)
    there = [key for key in range(100) if kept.get(key) is not None]
    assert 1 <= len(there) <= 3


def test_what_differs_between_equal_requests_is_not_kept(guidelines: Rulebook) -> None:
    """Deadlines, the offset, and what the caller has at hand; a wrong instant is refused each time."""
    person = Person("covered", account(), requester())
    first = person.entitlement(guidelines.edition)
    second = first._replace(offset=99)
    asked, ready = request(), request(phone=phone_ready())
    for _ in range(3):
        early, late = route(asked, first, guidelines, MONDAY_NOON), route(ready, second, guidelines, asked.received_at)
        assert (early.entitlement.offset, late.entitlement.offset) == (7, 99)
        assert [note.code for note in early.notes] == ["note.tariffs", "note.have_at_hand"]
        assert [note.code for note in late.notes] == ["note.tariffs"]
        with pytest.raises(CalendarError):
            route(asked, first, guidelines, MONDAY_NOON.replace(year=9999, month=12, day=31))
    tomorrow = route(asked, first, guidelines, MONDAY_NOON.replace(day=24)).milestones["first_response"].due_at
    assert tomorrow == MONDAY_NOON.replace(day=24, hour=13)
    assert route(asked, first, guidelines, MONDAY_NOON).milestones["first_response"].due_at == MONDAY_NOON.replace(
        hour=13
    )
