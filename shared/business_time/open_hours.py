"""[pure] The open hours of a calendar as instants: those of one zone, or of several calendars together (a union)."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Protocol

from shared.business_time.config import CalendarConfig
from shared.business_time.errors import MixedUnion, inside
from shared.business_time.instants import DAY, EARLIEST, LATEST, Micros
from shared.business_time.schedule import Schedule, Why
from shared.business_time.spans import Span, common, merged, without
from shared.business_time.zones import Zone, zone

Explained = tuple[Micros, Micros, Why, str | None]  # a span, why it is open or not, the name of its holiday
DatedPeriod = tuple[int, Sequence[Span]]  # the date on which a period starts, and the open spans of the period

# The offset of a zone is less than a day, so this much around a label has every instant that may show it.
_AROUND = DAY
_KEPT_DATES = 16  # whoever asks for a date mostly asks for the next one


class OpenHours(Protocol):
    """What a calendar computes its tables and ledgers from. All instants are microseconds since 1970."""

    zone: Zone  # which gives the calendar its local dates

    def open_spans(self, start: Micros, end: Micros) -> list[Span]:
        """The open spans within [start, end), merged."""
        ...

    def explained(self, start: Micros, end: Micros) -> list[Explained]:
        """[start, end) as consecutive spans with their reasons."""
        ...

    def dated_periods(self, day: int, in_zone: Zone) -> Iterable[DatedPeriod]:
        """Every period that starts within a date of `in_zone`, and perhaps some of the dates around it."""
        ...


def open_hours(config: CalendarConfig) -> OpenHours:
    """The open hours of `config`. Raises the errors of calendars, with the field."""
    if not config.union:
        return OneZone(config)
    for name in CalendarConfig.model_fields:
        if name not in ("union", "timezone") and getattr(config, name):
            raise MixedUnion(f"a union has no {name} of its own: give them to its members", name, value=name)
    members: list[OpenHours] = []
    for index, member in enumerate(config.union):
        with inside(f"union.{index}"):
            members.append(open_hours(member))
    if config.timezone != members[0].zone.key:
        raise MixedUnion("a union has the zones of its members, and its dates are those of the first", "timezone")
    return Union(members)


class OneZone:
    """The schedule of one zone."""

    __slots__ = ("_dated", "_schedule", "zone")

    def __init__(self, config: CalendarConfig) -> None:
        self.zone = zone(config.timezone, "timezone")
        self._schedule = Schedule(config)
        self._dated: dict[int, list[tuple[Micros, Sequence[Span]]]] = {}

    def open_spans(self, start: Micros, end: Micros) -> list[Span]:
        """The open labels of each segment of equal offset, converted to UTC."""
        spans: list[Span] = []
        for segment in self.zone.segments(start, end):
            labels = self._schedule.open_labels(segment.start + segment.offset, segment.end + segment.offset)
            spans += [(opens - segment.offset, closes - segment.offset) for opens, closes in labels]
        return merged(spans)

    def explained(self, start: Micros, end: Micros) -> list[Explained]:
        """The explained labels of each segment, converted to UTC."""
        return [
            (since - segment.offset, until - segment.offset, why, holiday)
            for segment in self.zone.segments(start, end)
            for since, until, why, holiday in self._schedule.explained(
                segment.start + segment.offset, segment.end + segment.offset
            )
        ]

    def dated_periods(self, day: int, in_zone: Zone) -> Iterable[DatedPeriod]:
        """A period starts on the date that `in_zone` shows at the first instant of the period, be it open or not."""
        for own_day in range(day - 2, day + 3):  # zones are less than two dates apart
            for first, opens in self._periods(own_day):
                yield (first + in_zone.offset(first)) // DAY, opens

    def _periods(self, own_day: int) -> list[tuple[Micros, Sequence[Span]]]:
        """The first instant and the open spans of each period that starts on a date of this zone."""
        found = self._dated.get(own_day)
        if found is None:
            found = []
            for period in self._schedule.periods(own_day):
                whole = self._instants(((period.start, period.end),))
                if whole:  # not in an hour, or on a date, that the wall clock skips
                    found.append((whole[0][0], self._instants(period.open)))
            if len(self._dated) >= _KEPT_DATES:
                del self._dated[next(iter(self._dated))]
            self._dated[own_day] = found
        return found

    def _instants(self, labels: Sequence[Span]) -> list[Span]:
        """The instants at which the wall clock shows one of these labels, merged."""
        if not labels:
            return []
        start, end = max(labels[0][0] - _AROUND, EARLIEST), min(labels[-1][1] + _AROUND, LATEST)
        spans: list[Span] = []
        for segment in self.zone.segments(start, end) if start < end else ():
            spans += common([(a - segment.offset, b - segment.offset) for a, b in labels], [segment[:2]])
        return merged(spans)


class Union:
    """Open where any of the members is. Closed time has the reason of the first member."""

    __slots__ = ("_members", "zone")

    def __init__(self, members: Sequence[OpenHours]) -> None:
        self._members = members
        self.zone = members[0].zone

    def open_spans(self, start: Micros, end: Micros) -> list[Span]:
        """Those of all members together."""
        return merged(span for member in self._members for span in member.open_spans(start, end))

    def explained(self, start: Micros, end: Micros) -> list[Explained]:
        """Open spans as they are; between them, the spans of the first member."""
        opens = self.open_spans(start, end)
        found: list[Explained] = [(a, b, "open", None) for a, b in opens]
        closings = [closes for _, closes in opens]
        for since, until, why, holiday in self._members[0].explained(start, end):
            near = opens[bisect_right(closings, since) : bisect_right(closings, until) + 1]
            found += [(a, b, why, holiday) for a, b in without([(since, until)], near)]
        return sorted(found)

    def dated_periods(self, day: int, in_zone: Zone) -> Iterable[DatedPeriod]:
        """Those of all members."""
        for member in self._members:
            yield from member.dated_periods(day, in_zone)
