"""The examples of docs/calendars.md are calendars, and `frontline deadline` answers as it says there."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.cli.deadline import Question, answer
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.config import CalendarConfig
from shared.policy.document import Source, parse

PAGE = (Path(__file__).parents[3] / "docs" / "calendars.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
CALENDARS: dict[str, dict[str, Any]] = {}
for kind, text in BLOCKS:
    if kind == "yaml":
        CALENDARS |= parse(Source("docs/calendars.md", text)).data["calendars"]


@pytest.mark.parametrize("name", CALENDARS)
def test_each_calendar_of_the_page_is_one(name: str) -> None:
    """Whoever copies an example gets no error."""
    BusinessCalendar.from_config(CALENDARS[name])


@pytest.mark.parametrize("lines", [text for kind, text in BLOCKS if kind == "json"])
def test_each_line_of_the_page_is_answered_as_it_says(lines: str) -> None:
    """A line, and under it its answer."""
    line, expected = map(json.loads, lines.splitlines())
    assert answer(line, with_ledger=False) == expected


def test_the_page_has_every_field() -> None:
    """A key that is not there does not exist for its readers; nor does a field of a line."""
    fields = {*CalendarConfig.model_fields, *Question.model_fields}
    assert [field for field in sorted(fields) if f"`{field}`" not in PAGE] == []


def test_the_table_of_business_days_is_right() -> None:
    """Monday is 2026-11-23, in Madrid."""
    days = {"Monday": 23, "Tuesday": 24, "Wednesday": 25, "Friday": 27, "Saturday": 28}
    hours = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    rows = re.findall(r"^\| (\w+day [\d:]+) \| (\w+day [\d:]+) \| (\w+day [\d:]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 5

    def instant(text: str, after: datetime | None = None) -> datetime:
        day, time = text.split(" ")
        found = datetime.fromisoformat(f"2026-11-{days[day]}T{time}").replace(tzinfo=ZoneInfo("Europe/Madrid"))
        return found + timedelta(days=7) if after is not None and found <= after else found

    for start, *ends in rows:
        begun = instant(start)
        for until, end in zip(("same_time", "end_of_day"), ends, strict=True):
            calendar = {"timezone": "Europe/Madrid", "hours": hours}
            line = {"start": begun.isoformat(), "target_business_days": 1, "until": until, "calendar": calendar}
            found = answer(line, with_ledger=False)["deadline"]
            assert datetime.fromisoformat(found) == instant(end, begun), (start, until)
