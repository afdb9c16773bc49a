"""Calendars as the lines of `deadline` and `clocks` give them."""

from functools import lru_cache
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict

from services.cli.jsonl import BadInput
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import CalendarError


class Line(BaseModel):
    """A line of input. A field that it does not know is a mistake: left out silently, it would change the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def calendar_of(config: dict[str, Any] | None) -> BusinessCalendar | None:
    """The calendar of a line. Lines with the same calendar share it, so that it is laid out once. Raises BadInput."""
    return None if config is None else _calendar(msgspec.json.encode(config))


@lru_cache(maxsize=128)
def _calendar(config: bytes) -> BusinessCalendar:
    try:
        return BusinessCalendar.from_config(msgspec.json.decode(config))
    except CalendarError as error:
        raise BadInput(f"calendar.{error.field}", str(error)) from error
