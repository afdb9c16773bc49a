"""Random calendars to be judged, each drawn from a seed, with edges of daylight saving over-represented.

A seed is a unit of work: any range of seeds can be run anywhere, any time, and means the same calendars.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from tests.oracle.holiday_names import HALF_DAYS, SETS, known_holidays
from tests.oracle.local_hours import DAYS, Config
from tests.oracle.zones import DAY, ODD_MOMENTS, OFTEN, all_zones, changes, changes_between, offset, seconds_since_1970


class Window(NamedTuple):
    """For how many days a calendar is looked at, one number of them or another, in cells of how many seconds."""

    days: tuple[float, ...]
    cell: int


YEARS = (1200, 2000, 3800, 4100)  # the last two reach to where a deadline is too far away, and beyond
# From the coarsest; where a zone's offsets and changes do not fit into the cells of one, the next finer one is taken.
WINDOWS = (
    Window(YEARS, 1800),
    Window(YEARS, 900),
    Window((100, 140), 900),
    Window((9, 12, 16), 300),
    Window((4, 5, 6), 60),
    Window((0.5,), 1),
)
_HOW_OFTEN = (3, 0, 12, 45, 25, 15)


@dataclass(frozen=True)
class Case:
    """A calendar, and the window (seconds since 1970) and cell in which it is walked."""

    config: Config
    resolved: bool  # whether the product is to turn the holiday set into dates before, as editions do
    start: int
    end: int
    cell: int


def make_case(seed: int) -> Case:
    """The calendar of a seed."""
    draw = random.Random(seed)
    wanted = _holiday_set(draw) if draw.random() < 0.2 else None
    key, around = _moment(draw, wanted)
    keys = [key]
    if draw.random() < 0.2:  # a union, of up to four zones
        keys += draw.choices([*OFTEN, key], k=draw.choice([1, 1, 2, 3]))
    index = draw.choices(range(len(WINDOWS)), _HOW_OFTEN)[0]
    window = _placed(draw, around, WINDOWS[index])
    while not all(_fits(each, *window) for each in keys):
        index += 1
        window = _placed(draw, around, WINDOWS[index])
    start, end, cell = window
    members = [_config(draw, each, wanted, (start, end), cell) for each in keys]
    return Case(_together(draw, members), draw.random() < 0.3, start, end, cell)


def _together(draw: random.Random, members: list[Config]) -> Config:
    if len(members) == 1:
        return members[0]
    if len(members) > 2 and draw.random() < 0.3:  # a union within a union
        return {"union": [{"union": members[:2]}, *members[2:]]}
    return {"union": members}


def _holiday_set(draw: random.Random) -> dict[str, Any]:
    if draw.random() < 0.15:
        where, part, _ = HALF_DAYS
        hours = draw.choice([[["00:00", "19:00"]], [["09:00", "12:00"], ["15:00", "20:00"]], []])
        return {"country": where, "subdivision": part, "categories": ["public", "half_day"], "hours": hours}
    country, subdivision, _ = draw.choice(SETS)
    return {"country": country} | ({"subdivision": subdivision} if subdivision else {})


def _moment(draw: random.Random, wanted: dict[str, Any] | None) -> tuple[str, int]:
    """A zone, and what to look around: mostly one of its changes; of a set, also one of its holidays."""
    if wanted is not None and draw.random() < 0.7:
        year = seconds_since_1970(f"{draw.randrange(2010, 2050)}-07-01")
        holiday = draw.choice(sorted(known_holidays(wanted, year, year)))
        return draw.choice(OFTEN), seconds_since_1970(holiday.isoformat())
    if draw.random() < 0.08:
        key, text = draw.choice(ODD_MOMENTS)
        return key, seconds_since_1970(text)
    some, others = draw.choices(OFTEN if draw.random() < 0.7 else all_zones(), k=2)
    key = some if changes(some) else others  # many zones never change, and prove little
    if changes(key) and draw.random() < 0.9:
        return key, draw.choice(changes(key))
    return key, seconds_since_1970(f"{draw.randrange(1880, 2150)}-01-01") + draw.randrange(366 * DAY)


def _placed(draw: random.Random, around: int, window: Window) -> tuple[int, int, int]:
    length, grain = int(draw.choice(window.days) * DAY), DAY if window.cell > 1 else 3600
    start = (around - draw.randrange(length // 2)) // grain * grain
    return start, start + length, window.cell


def _fits(key: str, start: int, end: int, cell: int) -> bool:
    edges = [at for at in changes_between(key, start, end) if at < end]
    return not any(at % cell for at in edges) and not any(offset(key, at) % cell for at in [start, *edges])


def _dates(start: int, end: int) -> list[str]:
    first = datetime.fromtimestamp(start, UTC).date() - timedelta(days=1)
    return [(first + timedelta(days=n)).isoformat() for n in range((end - start) // DAY + 4)]


def _config(draw: random.Random, key: str, wanted: dict[str, Any] | None, window: tuple[int, int], cell: int) -> Config:
    dates = _dates(*window)
    many = max(2, len(dates) // 50, min(4, len(dates) // 2))  # special dates
    daily = 0.8 if cell > 1 else 1.0
    if draw.random() < (0.02 if len(dates) < 1000 else 0.3):
        daily = 0.0  # some calendars are hardly ever open
    config: Config = {
        "timezone": key,
        "hours": {day: _periods(draw, cell) for day in DAYS if draw.random() < daily},
        "holidays": sorted(set(draw.choices(dates, k=draw.randrange(many)))),
        "overrides": {day: _periods(draw, cell) for day in draw.choices(dates, k=draw.randrange(many))},
        "breaks": [_break(draw, dates, cell) for _ in range(draw.randrange(4))],
    }
    if wanted is not None:
        config["holiday_set"] = wanted
        config["holidays"] += [day for day in map(str, known_holidays(wanted, *window)) if draw.random() < 0.5]
        if draw.random() < 0.3:
            country, subdivision, _ = draw.choice(SETS)
            config["holiday_set"] = [wanted, {"country": country, "subdivision": subdivision}]
    if draw.random() < 0.5:
        config["holidays"] = {day: _holiday(draw, cell) for day in config["holidays"]}
    if draw.random() < 0.3:
        config["recurring"] = [_rule(draw, dates, cell) for _ in range(draw.choice([1, 1, 2]))]
    if draw.random() < 0.2:
        days = [*config["holidays"], *(map(str, known_holidays(wanted, *window)) if wanted else []), *dates[:9]]
        config["without"] = draw.choices(days, k=draw.choice([1, 2, 5]))
    if draw.random() < 0.3:
        config["seasons"] = _seasons(draw, dates, cell)
    return config


def _holiday(draw: random.Random, cell: int) -> Any:
    name, hours = draw.choice(["Fiesta", "Feast"]), _periods(draw, cell)
    return draw.choice([name, name, hours, {"name": name, "hours": hours}, {"hours": hours}])


def _rule(draw: random.Random, dates: list[str], cell: int) -> dict[str, Any]:
    """A rule that means some date of the window, or all but."""
    day = datetime.fromisoformat(draw.choice(dates))
    weekday = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[day.weekday()]
    number = draw.choice([(day.day - 1) // 7 + 1, -1])
    rule = draw.choice(
        [
            f"FREQ=YEARLY;BYMONTH={day.month};BYMONTHDAY={min(day.day, 28)}",
            f"FREQ=YEARLY;BYMONTH={day.month};BYDAY={number}{weekday}",
            f"FREQ=MONTHLY;BYDAY={number}{weekday}",
            f"FREQ=MONTHLY;BYMONTHDAY={draw.choice([day.day, -1])}",
            f"FREQ=WEEKLY;BYDAY={weekday},WE",
            f"FREQ=WEEKLY;BYDAY={weekday};BYMONTH={day.month},12",
        ]
    )
    found: dict[str, Any] = {"rule": rule}
    if 2020 <= day.year < 2036 and draw.random() < 0.5:  # a rule that gives no date of those years is refused
        found["starts"] = max((day - timedelta(days=draw.randrange(40))).date(), date(2020, 1, 1)).isoformat()
        late = f"{day.year}1231"
        found["rule"] += draw.choice(["", f";COUNT={draw.randrange(1, 9)}", f";UNTIL={late}"])
        if "WEEKLY" in rule and "BYMONTH" not in rule:
            found["rule"] += ";INTERVAL=2"
    if draw.random() < 0.6:
        found["name"] = "Ritual"
    if draw.random() < 0.4:
        found["hours"] = _periods(draw, cell)
    return found


def _seasons(draw: random.Random, dates: list[str], cell: int) -> list[dict[str, Any]]:
    """One that may run over the new year, or two that do not meet."""
    points = sorted({text[5:] for text in draw.choices(dates, k=4)})
    pairs = [(points[0], points[-1])]
    if len(points) == 4 and draw.random() < 0.5:
        pairs = [(points[0], points[1]), (points[2], points[3])]
    elif draw.random() < 0.3 and points[0] < points[-1]:
        pairs = [(points[-1], points[0])]
    week = [{day: _periods(draw, cell) for day in DAYS if draw.random() < 0.8} for _ in pairs]
    return [{"from": first, "to": last, "hours": hours} for (first, last), hours in zip(pairs, week, strict=True)]


def _periods(draw: random.Random, cell: int) -> list[list[str]]:
    """Periods of one day that do not overlap; small hours, where clocks change, are frequent; so is past midnight."""
    kind = draw.random()
    if kind < 0.03:
        return []
    if kind < 0.1:
        return [["00:00", draw.choice(["24:00", "00:00"])]]
    points = sorted({_time(draw, cell) for _ in range(draw.choice([2, 2, 4, 6] if cell > 1 else [4, 6, 8]))})
    if kind < 0.15:
        return [[_text(points[0]), _text(points[0])]]  # round the clock, from one date into the next
    step = 1 if kind < 0.3 else 2  # touching, or apart
    periods = [[_text(a), _text(b)] for a, b in zip(points[::step], points[1::step], strict=False)]
    if draw.random() < 0.35 and points[-1] > 0:  # the last one runs up to midnight, or past it, up to its own start
        end = draw.choice([DAY, draw.randrange(0, points[-1] + 1, cell), 0])
        periods = [p for p in periods if p[1] != _text(points[-1])] + [[_text(points[-1]), _text(end)]]
    draw.shuffle(periods)
    return periods


def _time(draw: random.Random, cell: int) -> int:
    latest = 4 * 3600 if draw.random() < 0.5 else DAY
    return draw.randrange(0, latest, cell if draw.random() < 0.5 else 1800)


def _break(draw: random.Random, dates: list[str], cell: int) -> list[str]:
    first = draw.randrange(len(dates))
    last = first
    if draw.random() < 0.25:  # over midnight; now and then for as long as a lifetime of promises
        last = min(first + draw.choice([1, 1, 1, 2, 3, 400]), len(dates) - 1)
    times = [_time(draw, cell), DAY if draw.random() < 0.1 else _time(draw, cell)]
    if first == last:
        times.sort()
    return [f"{dates[first]}T{_text(times[0])}", f"{dates[last]}T{_text(times[1])}"]


def _text(seconds: int) -> str:
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours:02}:{minutes:02}" + (f":{rest:02}" if rest else "")
