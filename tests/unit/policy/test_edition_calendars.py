"""The calendars of an edition are made when they are needed."""

import pytest

from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig
from shared.policy.edition_calendars import EditionCalendars
from shared.routing.rulebook import Rulebook
from tests.harness.shipped import guidelines


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[BusinessCalendar]:
    """Every calendar that is made."""
    guidelines()  # which makes its calendars to check them
    made: list[BusinessCalendar] = []
    initialise = BusinessCalendar.__init__

    def init(self: BusinessCalendar, config: CalendarConfig) -> None:
        made.append(self)
        initialise(self, config)

    monkeypatch.setattr(BusinessCalendar, "__init__", init)
    return made


def test_a_calendar_is_made_at_the_first_question(made: list[BusinessCalendar]) -> None:
    """An edition has a hundred, and resolving the days of all of them takes as long as a hundred explanations."""
    calendars = EditionCalendars(guidelines())
    assert (set(calendars), len(calendars)) == (set(guidelines().calendars), len(guidelines().calendars))
    assert "spain" in calendars
    assert "atlantis" not in calendars
    assert made == []
    assert calendars["spain"] is calendars["spain"]
    assert made == [calendars["spain"]]


def test_a_rulebook_makes_no_calendar_before_a_decision_needs_it(made: list[BusinessCalendar]) -> None:
    """A backtest makes a rulebook for each case that it shows."""
    Rulebook(guidelines())
    assert made == []


def test_an_edition_does_not_have_a_calendar_that_it_does_not_name() -> None:
    """It is an error, as with any mapping."""
    with pytest.raises(KeyError):
        EditionCalendars(guidelines())["atlantis"]
