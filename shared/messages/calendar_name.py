"""[pure] What a calendar is called for people."""

import re

from shared.messages.messages import Messages


def calendar_name(calendar: str, messages: Messages) -> str:
    """The name of a calendar for people: New Zealand for new-zealand. Editions have ids of calendars, and no names.

    An id with capitals was written for people already, and stays but for its underscores.
    """
    known = messages.find(f"name.calendar.{calendar}")
    if known is not None:
        return known
    if not calendar.islower():
        return messages.name("calendar", calendar)
    return " ".join(word[:1].upper() + word[1:] for word in re.split(r"[-_.]", calendar))
