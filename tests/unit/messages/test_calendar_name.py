"""What a calendar is called."""

import pytest

from shared.messages.calendar_name import calendar_name
from shared.messages.catalogues import messages_in


@pytest.mark.parametrize(
    ("calendar", "name"),
    [("new-zealand", "New Zealand"), ("region_north-america", "Region North America"), ("NZ", "NZ"), ("Köln", "Köln")],
)
def test_a_calendar_is_called_so_that_people_can_read_it(calendar: str, name: str) -> None:
    """Editions name calendars by ids alone."""
    assert calendar_name(calendar, messages_in("en")) == name
