"""[pure] Parses and formats durations of policy files, such as "22h 30m"."""

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
DURATION_PATTERN = r"^(\d+d)? ?(\d+h)? ?(\d+m)? ?(\d+s)?$"
_PARTS = re.compile(r"(?:(\d+)d)? ?(?:(\d+)h)? ?(?:(\d+)m)? ?(?:(\d+)s)?", re.ASCII)


def parse_duration(value: object) -> object:
    """Seconds for "5s", "30m", "4h", "2d" (24 hours each) or a sum, largest unit first, such as "22h 30m".

    Other values than text are returned unchanged. Raises ValueError for text that is not a duration.
    """
    if not isinstance(value, str):
        return value
    match = _PARTS.fullmatch(value.strip())
    if match is None or not any(match.groups()):
        raise ValueError(f'{value[:40]!r} is not a duration; write seconds, or text such as "5s", "4h", "22h 30m"')
    return sum(int(count or 0) * unit for count, unit in zip(match.groups(), _UNITS.values(), strict=True))


def format_duration(seconds: int) -> str:
    """The shortest such text: 3600 -> "1h", 81000 -> "22h 30m". Days are not used: a business day is not 24 hours."""
    parts = [(seconds // 3_600, "h"), (seconds % 3_600 // 60, "m"), (seconds % 60, "s")]
    return " ".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
