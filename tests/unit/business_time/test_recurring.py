"""Recurring dates by the rules of RFC 5545."""

import pytest

from shared.business_time.config import RecurringDate
from shared.business_time.errors import NotADate, NotARecurrence, RecurrenceNeedsStart
from shared.business_time.recurring import dates_between, recurring_dates
from shared.business_time.written import date_of, day_of


def dates(rule: str, first: int = 2026, last: int = 2026, starts: str | None = None) -> list[str]:
    """The dates of a rule, as texts."""
    return [str(day) for day in recurring_dates(RecurringDate(rule=rule, starts=starts), first, last, "recurring.0")]


@pytest.mark.parametrize(
    ("rule", "starts", "expected"),
    [
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", None, ["2026-12-24"]),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", None, ["2026-11-26"]),
        ("FREQ=YEARLY;BYDAY=-1FR", None, ["2026-12-25"]),
        ("FREQ=YEARLY;BYYEARDAY=-1", None, ["2026-12-31"]),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", None, ["2026-05-11"]),
        ("FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1", None, ["2026-01-01", "2026-07-01"]),
        ("FREQ=MONTHLY;BYDAY=1MO;BYMONTH=1,2,3", None, ["2026-01-05", "2026-02-02", "2026-03-02"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;BYMONTH=2", None, ["2026-02-28"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYMONTH=5", None, ["2026-05-29"]),
        ("FREQ=WEEKLY;BYDAY=SA;BYMONTH=8", None,
         ["2026-08-01", "2026-08-08", "2026-08-15", "2026-08-22", "2026-08-29"]),
        ("FREQ=WEEKLY;BYDAY=TH,FR;BYSETPOS=1;BYMONTH=1", None,
         ["2026-01-01", "2026-01-08", "2026-01-15", "2026-01-22", "2026-01-29"]),
        ("FREQ=DAILY;BYMONTH=8;BYMONTHDAY=1,2", None, ["2026-08-01", "2026-08-02"]),
        ("FREQ=MONTHLY;BYDAY=1MO;UNTIL=20260301", None, ["2026-01-05", "2026-02-02"]),
        ("FREQ=MONTHLY;BYDAY=1MO;UNTIL=20260302", None, ["2026-01-05", "2026-02-02", "2026-03-02"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;BYMONTH=1", "2026-01-08", ["2026-01-08", "2026-01-22"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH;BYMONTH=1", "2025-12-25", ["2026-01-08", "2026-01-22"]),
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=4", "2025-11-01", ["2026-01-05", "2026-02-02"]),
        ("FREQ=YEARLY", "2019-03-19", ["2026-03-19"]),
        ("FREQ=YEARLY;BYMONTH=6", "2024-06-24", ["2026-06-24"]),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=28", "2022-01-01", ["2026-02-28"]),
    ],
)  # fmt: skip
def test_the_dates_of_a_rule(rule: str, starts: str | None, expected: list[str]) -> None:
    """By hand, from a calendar of 2026; COUNT counts the dates before 2026 as well."""
    assert dates(rule, starts=starts) == expected


def test_a_rule_gives_the_same_dates_whichever_years_are_asked() -> None:
    """A calendar looks its years up one by one, an edition all at once."""
    for rule in ("FREQ=WEEKLY;BYDAY=TH,FR;BYSETPOS=1", "FREQ=MONTHLY;BYDAY=-1SU", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO"):
        assert dates(rule, 2020, 2036) == [day for year in range(2020, 2037) for day in dates(rule, year, year)]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("FREQ=HOURLY", "FREQ must be"),
        ("FREQ=MINUTELY;BYDAY=MO", "FREQ must be"),
        ("BYDAY=MO", "FREQ must be"),
        ("RRULE:FREQ=YEARLY;BYDAY=MO", "FREQ must be"),
        ("FREQ=YEARLY;BYDAY", "is not one NAME=VALUE"),
        ("FREQ=YEARLY;FREQ=MONTHLY;BYDAY=MO", "is not one NAME=VALUE"),
        ("FREQ=YEARLY;BYDAY=MO;BYHOUR=9", "BYHOUR is not allowed"),
        ("FREQ=YEARLY;BYDAY=MO;BYEASTER=1", "BYEASTER is not allowed"),
        ("FREQ=MONTHLY;BYDAY=MO;BYWEEKNO=3", "BYWEEKNO is not allowed with FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY is not allowed with FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "only in a month or a year"),
        ("FREQ=YEARLY;BYDAY=MO;UNTIL=20301231T000000Z", "UNTIL must be a date"),
        ("FREQ=YEARLY;BYDAY=MO;UNTIL=20301231;COUNT=3", "exclude each other"),
        ("FREQ=YEARLY;BYDAY=MO;COUNT=0", "COUNT must be a whole number from 1"),
        ("FREQ=YEARLY;BYDAY=XX", "is not a recurrence rule"),
        ("FREQ=YEARLY;BYMONTH=13;BYDAY=MO;UNTIL=20269999", "is not a recurrence rule"),
    ],
)
def test_what_is_no_rule_of_whole_dates_is_refused(rule: str, message: str) -> None:
    """dateutil takes hours, and parts that RFC 5545 does not allow, and ignores some of them."""
    with pytest.raises(NotARecurrence, match=message) as refused:
        dates(rule)
    assert refused.value.field == "recurring.0.rule"


@pytest.mark.parametrize(
    "rule", ["FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=6", "FREQ=MONTHLY", "FREQ=WEEKLY", "FREQ=DAILY;INTERVAL=2",
             "FREQ=MONTHLY;BYDAY=1MO;COUNT=3", "FREQ=WEEKLY;BYDAY=MO;INTERVAL=2"],
)  # fmt: skip
def test_a_rule_that_counts_from_its_first_date_needs_one(rule: str) -> None:
    """Else it would count from the first year that an edition happens to resolve."""
    with pytest.raises(RecurrenceNeedsStart) as refused:
        dates(rule)
    assert refused.value.field == "recurring.0.starts"
    assert "give `starts`" in str(refused.value)


def test_a_wrong_first_date_is_refused() -> None:
    """With its own field."""
    with pytest.raises(NotADate) as refused:
        dates("FREQ=YEARLY", starts="2026-02-30")
    assert refused.value.field == "recurring.0.starts"


def test_a_rule_of_times_gives_no_dates() -> None:
    """The rule of an event in a file is not checked part by part."""
    first, last = (date_of(day_of(text, "")) for text in ("2026-01-01", "2026-12-31"))
    with pytest.raises(ValueError, match="times of the day"):
        dates_between("FREQ=HOURLY;COUNT=3", first, first, last)
