"""Unions: one calendar of several zones, open where any of them is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time import errors
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig
from shared.business_time.holiday_sources import resolve_holidays

OFFICE = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
MADRID: dict[str, Any] = {"timezone": "Europe/Madrid", "hours": OFFICE, "holidays": {"2026-11-24": "Feast"}}
MEXICO: dict[str, Any] = {
    "timezone": "America/Mexico_City",
    "hours": OFFICE,
    "breaks": [["2026-11-23T12:00", "2026-11-23T13:00"]],
}
SYDNEY: dict[str, Any] = {"timezone": "Australia/Sydney", "hours": OFFICE, "holiday_set": {"country": "AU"}}


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def union(*members: dict[str, Any]) -> BusinessCalendar:
    """The union of calendars."""
    return BusinessCalendar.from_config({"union": list(members)})


# 2026-11-23 is a Monday; Madrid is an hour ahead of UTC, Mexico City six behind, Sydney eleven ahead
def test_a_union_is_open_where_a_member_is_and_explains_the_rest_by_the_first() -> None:
    """Follow the sun: Madrid until 17:00 UTC, Mexico City until midnight; closed for the reasons of Madrid."""
    entries = union(MADRID, MEXICO).ledger(at("2026-11-23T07:00"), at("2026-11-25T09:00"))
    assert [(entry.start, entry.reason, entry.holiday) for entry in entries] == [
        (at("2026-11-23T07:00"), "closed", None),
        (at("2026-11-23T08:00"), "open", None),
        (at("2026-11-23T18:00"), "closed", None),  # the break of Mexico City is not the first member's reason
        (at("2026-11-23T19:00"), "open", None),
        (at("2026-11-24T00:00"), "holiday", "Feast"),
        (at("2026-11-24T15:00"), "open", None),
        (at("2026-11-25T00:00"), "closed", None),
        (at("2026-11-25T08:00"), "open", None),
    ]


def test_a_target_runs_from_zone_to_zone() -> None:
    """And overlapping hours count once."""
    calendar = union(MADRID, MEXICO, SYDNEY)
    assert calendar.add(at("2026-11-23T16:00"), timedelta(hours=2)) == at("2026-11-23T18:00")
    assert calendar.add(at("2026-11-23T16:00"), timedelta(hours=8)) == at("2026-11-24T01:00")
    assert calendar.elapsed(at("2026-11-23T08:00"), at("2026-11-24T08:00")) == timedelta(hours=22)
    assert calendar.timezone == "Europe/Madrid"


def test_unions_may_be_nested() -> None:
    """A region of two desks is a member like any other."""
    nested, flat = union({"union": [MADRID, MEXICO]}, SYDNEY), union(MADRID, MEXICO, SYDNEY)
    start = at("2026-11-20T00:00")
    assert nested.ledger(start, start + timedelta(days=10)) == flat.ledger(start, start + timedelta(days=10))


@pytest.mark.parametrize(
    ("config", "error", "field"),
    [
        ({"union": [MADRID], "hours": OFFICE}, errors.MixedUnion, "hours"),
        ({"union": [MADRID], "holidays": ["2026-12-25"]}, errors.MixedUnion, "holidays"),
        ({"union": [MADRID], "breaks": [["2026-11-23T12:00", "2026-11-23T13:00"]]}, errors.MixedUnion, "breaks"),
        ({"union": [MADRID], "timezone": "UTC"}, errors.MixedUnion, "timezone"),
        ({"union": [MADRID, MEXICO | {"timezone": "Mars/Base"}]}, errors.UnknownZone, "union.1.timezone"),
        ({"union": [MADRID, {"union": [MEXICO | {"hours": {"mon": [["9", "1"]]}}]}]}, errors.NotATimeOfDay,
         "union.1.union.0.hours.mon.0.0"),
        ({"union": [MADRID, {"timezone": "UTC"}]}, errors.MalformedCalendar, "union.1.hours"),
        ({"union": []}, errors.MalformedCalendar, "timezone"),
    ],
)  # fmt: skip
def test_an_invalid_union_is_refused(config: dict[str, Any], error: type[errors.CalendarError], field: str) -> None:
    """Whose zone would the hours of a union be in?"""
    with pytest.raises(error) as refused:
        BusinessCalendar.from_config(config)
    assert (type(refused.value), refused.value.field) == (error, field)


def test_the_members_of_a_union_are_resolved_and_read_back() -> None:
    """A saved edition holds dates also there."""
    config = CalendarConfig.model_validate({"union": [MADRID, {"union": [SYDNEY]}]})
    resolved = resolve_holidays(config, 2026, 2026)
    assert resolved.union[1].union[0].holiday_set is None
    assert "2026-12-25" in resolved.union[1].union[0].dated_holidays
    assert CalendarConfig.model_validate_json(resolved.model_dump_json(exclude_defaults=True), strict=True) == resolved


members = st.sampled_from([MADRID, MEXICO, SYDNEY, {"union": [SYDNEY, MEXICO]}])
moments = st.integers(0, 60 * 24 * 14).map(lambda minutes: at("2026-10-20") + timedelta(minutes=minutes))


@settings(deadline=None)
@given(st.lists(members, min_size=1, max_size=3), moments, moments)
def test_a_union_is_open_if_and_only_if_a_member_is(chosen: list[dict[str, Any]], one: datetime, two: datetime) -> None:
    """Through the change of the clocks as well; and it counts no less than each member, and no more than all."""
    together, alone = union(*chosen), [BusinessCalendar.from_config(member) for member in chosen]
    assert together.is_open(one) == any(calendar.is_open(one) for calendar in alone)
    start, end = min(one, two), max(one, two)
    each = [calendar.elapsed(start, end) for calendar in alone]
    assert max(each) <= together.elapsed(start, end) <= sum(each, timedelta(0))
