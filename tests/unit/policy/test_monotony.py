"""A more urgent priority is never due later than a less urgent one: the shipped editions, and what breaks it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig
from shared.business_time.instants import to_micros
from shared.policy.deadlines import deadline_of
from shared.policy.files import load_edition
from shared.policy.model import Edition, PriorityRule, Target
from shared.policy.monotony import not_monotone
from shared.policy.promises import terms_of
from tests.harness.examples import examples
from tests.harness.shipped import guidelines

HOUR = {"milestone": "first_response", "target_seconds": 3600, "hours": "elapsed", "promise": "objective"}
OFFICE = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
PART_DAYS = {
    "timezone": "Europe/Madrid",
    "hours": OFFICE,
    "holidays": {"2021-12-24": [["09:00", "11:00"]]},
}


def with_targets(*targets: dict[str, Any]) -> Edition:
    """The shipped edition with these first responses of Premier, a second for P1, and one calendar."""
    edition = guidelines()
    made = tuple(
        Target.model_validate({"plans": ("premier",), "milestone": "first_response", "promise": "objective", **target})
        for target in ({"priorities": ("P1",), "target_seconds": 1, "hours": "elapsed"}, *targets)
    )
    calendars = {"spain": CalendarConfig.model_validate(PART_DAYS)}
    return edition.model_copy(update={"targets": made, "calendars": calendars})


def codes(edition: Edition) -> list[str]:
    """What is wrong, in short."""
    return [reason.code.removeprefix("policy.warning.") for _, reason in not_monotone(edition)]


@pytest.mark.parametrize("name", ["guidelines-2021", "objectives-2024", "demo"])
def test_the_shipped_editions_are_monotone(name: str) -> None:
    """A P3 of a Friday evening was due before a P2."""
    assert list(not_monotone(load_edition(name))) == []


def test_elapsed_hours_that_end_while_closed_can_come_before_open_hours() -> None:
    """P3 of a Friday evening: 24 hours end on Saturday, the next opening is Monday 09:00, and P2 is due at 13:00."""
    edition = with_targets(
        {"priorities": ("P2",), "target_seconds": 4 * 3600, "hours": "business"},
        {"priorities": ("P3",), "target_seconds": 24 * 3600, "hours": "elapsed_then_next_open"},
    )
    [(path, reason)] = not_monotone(edition)
    assert (path, reason.code) == (("targets", 2), "policy.warning.urgent_due_later")
    assert (reason.facts["urgent"], reason.facts["other"]) == ("P2", "P3")
    assert str(reason.facts["urgent_due"]) > str(reason.facts["other_due"])


def test_open_at_least_keeps_the_order() -> None:
    """The desk has been open for as long as the more urgent target takes."""
    edition = with_targets(
        {"priorities": ("P2",), "target_seconds": 4 * 3600, "hours": "business"},
        {
            "priorities": ("P3",),
            "target_seconds": 24 * 3600,
            "hours": "elapsed_then_next_open",
            "open_at_least": 4 * 3600,
        },
    )
    assert codes(edition) == []


def test_a_missing_target_is_never_due() -> None:
    """P2 is promised nothing and P3 is."""
    edition = with_targets({"priorities": ("P3",), "target_seconds": 60, "hours": "elapsed"})
    assert set(codes(edition)) == {"urgent_without_target"}


@pytest.mark.parametrize(
    ("hours", "days", "until", "wrong"),
    [
        (2, 1, "end_of_day", []),
        (2, 2, "same_time", []),
        (3, 1, "same_time", ["urgent_due_later"]),
        (3, 1, "end_of_day", ["urgent_due_later"]),
        (3, 2, "end_of_day", []),
    ],
)
def test_business_days_are_compared_with_open_hours(hours: int, days: int, until: str, wrong: list[str]) -> None:
    """The next business day may be one of two hours."""
    edition = with_targets(
        {"priorities": ("P2",), "target_seconds": hours * 3600, "hours": "business"},
        {"priorities": ("P3",), "target_business_days": days, "until": until},
    )
    assert codes(edition) == wrong


lengths = st.integers(1, 40).map(lambda quarters: quarters * 900)
some_targets = st.one_of(
    st.fixed_dictionaries({"target_seconds": lengths, "hours": st.sampled_from(["elapsed", "business"])}),
    st.fixed_dictionaries(
        {
            "target_seconds": lengths,
            "hours": st.just("elapsed_then_next_open"),
            "open_at_least": st.none() | lengths,
        }
    ),
    st.fixed_dictionaries(
        {"target_business_days": st.integers(1, 3), "until": st.sampled_from(["same_time", "end_of_day"])}
    ),
)


@settings(max_examples=examples(60), deadline=None)
@given(some_targets, some_targets, st.integers(0, 365 * 24 * 60))
def test_what_is_called_monotone_is_in_order_at_any_instant(
    urgent: dict[str, Any], other: dict[str, Any], minute: int
) -> None:
    """Whether by the lengths of the targets or by trying: no minute of the year has the wrong order."""
    edition = with_targets({"priorities": ("P2",), **urgent}, {"priorities": ("P3",), **other})
    if codes(edition):
        return
    calendar = BusinessCalendar.from_config(edition.calendars["spain"])
    start = to_micros(datetime(2021, 1, 1, tzinfo=UTC)) + minute * 60_000_000
    first, second = (
        deadline_of(terms, start, calendar) for terms in (terms_of(edition, target) for target in edition.targets[1:])
    )
    assert first <= second


def test_a_priority_that_no_rule_gives_to_a_plan_needs_no_target_there() -> None:
    """Only the cases of one plan may be critical; the others have no such case that could be late."""
    edition = guidelines()
    rules = (
        PriorityRule.model_validate({"id": "top", "priority": "P1", "any_of": [{"plans": ["premier_plus"]}]}),
        PriorityRule.model_validate({"id": "rest", "priority": "P2"}),
    )
    targets = (
        Target.model_validate({"plans": ["premier_plus"], "priorities": ["P1"], **HOUR}),
        Target.model_validate({"priorities": ["P2"], **HOUR}),
    )
    assert codes(edition.model_copy(update={"priority_rules": rules, "targets": targets})) == []


def test_a_warning_names_every_plan_that_it_is_about() -> None:
    """Whoever mends the first plan alone would meet the next one after that."""
    edition = guidelines().model_copy(update={"targets": (Target.model_validate({"priorities": ["P2"], **HOUR}),)})
    [(_, reason)] = not_monotone(edition)
    assert reason.facts["plans"] == ["access", "premier", "premier_plus"]
