"""What the pages of reports write says no more than is true, and a period is that of its zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.board.leads.query import PeriodQuery, ReportQuery
from services.board.leads.view import address, length, share, word_name
from services.board.period import Per, Period
from services.board.store.outcomes import Tally
from shared.business_time.instants import from_micros
from shared.messages.catalogues import messages_in
from shared.web.errors import InvalidFields
from shared.web.query import read_query

SECOND = 1_000_000
NOW = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("met", "breached", "text"),
    [(0, 0, ""), (3, 0, "100%"), (9999, 1, "99.9%"), (465, 12, "97.4%"), (0, 3, "0%"), (1, 2, "33.3%")],
)
def test_one_breach_is_never_rounded_away(met: int, breached: int, text: str) -> None:
    """A lead who reads 100 % looks no further."""
    assert share(Tally(met, breached), messages_in("en")) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (540, "9 min"),
        (541, "9 min 1 s"),
        (601, "10 min"),
        (14_400, "4 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_length_is_written_without_what_is_zero(seconds: int, text: str) -> None:
    """As people say it."""
    assert length(seconds * SECOND) == text


@given(
    st.dates(date(1971, 1, 1), date(2100, 1, 1)),
    st.integers(1, 400),
    st.sampled_from(("Europe/Madrid", "America/Havana", "Pacific/Apia", "UTC")),
    st.sampled_from(("day", "week", "month")),
)
def test_steps_are_the_whole_period_without_gap_or_overlap(first: date, days: int, zone: str, per: Per) -> None:
    """Also where a day begins at one o'clock, or is left out."""
    period = Period(first, first + timedelta(days=days - 1), ZoneInfo(zone), per)
    steps = list(period.steps())
    assert (steps[0].since, steps[-1].until) == (period.since, period.until)
    assert (steps[0].first, steps[-1].last) == (period.first, period.last)
    for one, next_one in pairwise(steps):
        assert one.until == next_one.since
        assert one.last + timedelta(days=1) == next_one.first
    for step in steps:
        assert step.since <= step.until
        assert (step.first.isocalendar()[:2] == step.last.isocalendar()[:2]) or per != "week"
        assert (step.first.month == step.last.month) or per != "month"


def test_the_last_days_are_those_of_the_zone() -> None:
    """At half past midnight in Madrid, today has begun there and not yet at Greenwich."""
    here = read_query(PeriodQuery, {"zone": "Europe/Madrid", "days": "1"}).period(NOW)
    assert (here.first, here.last) == (date(2026, 11, 28), date(2026, 11, 28))
    assert from_micros(here.since) == datetime(2026, 11, 27, 23, tzinfo=UTC)
    assert read_query(PeriodQuery, {"days": "1"}).period(NOW).first == date(2026, 11, 27)


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01", "1969-12-31", "2026-02-30", "27/11/2026", ""])
def test_a_day_that_cannot_be_counted_is_refused(text: str) -> None:
    """An instant beyond what can be counted would be a crash, and not an answer."""
    with pytest.raises(InvalidFields):
        read_query(PeriodQuery, {"from": text}).period(NOW)
    with pytest.raises(InvalidFields):
        read_query(PeriodQuery, {"to": text}).period(NOW)


def test_an_address_asks_for_the_same_again() -> None:
    """With what is changed, and without what is the default anyway."""
    query = read_query(ReportQuery, {"from": "2026-11-01", "priority": "P1", "zone": "Europe/Madrid", "days": "30"})
    assert address("/reports", query) == "/reports?priority=P1&from=2026-11-01&zone=Europe%2FMadrid"
    assert address("/reports", query, zone=None, priority=None, **{"from": None, "days": 7}) == "/reports?days=7"


def test_a_calendar_is_called_as_people_say_it() -> None:
    """Its id is what programs use."""
    assert word_name("calendar", "new-zealand", messages_in("en")) == "New Zealand"
