"""[pure] The ledger of a clock as a picture, as a table and as a sentence: what counted, what did not, and why.

The picture is for an SVG without a viewBox: positions are percentages of its width, so that texts keep their size at
any width, and it needs no style of its own. Kinds differ by height as well as by colour. `ledger.html` has its macros.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any, Literal, NamedTuple

from shared.messages.messages import Messages
from shared.pages.moments import Moments
from shared.pages.ticks import Tick, ticks

# `waiting` is open time that does not count: the deadline waits for the desk to have been open for long enough.
Kind = Literal["counted", "waiting", "paused", "closed", "holiday"]
Shown = Literal["counted", "left", "over", "waiting", "paused", "closed", "holiday"]
_ORDER: tuple[Shown, ...] = ("counted", "left", "over", "waiting", "paused", "closed", "holiday")
_KINDS: Mapping[str, Kind] = {"paused": "paused", "holiday": "holiday", "open_at_least": "waiting"}
# Top and height of each kind in the picture, in pixels: what counts is tall, what does not is low.
SHAPES: Mapping[Shown, tuple[int, int]] = {
    "counted": (20, 28),
    "left": (20, 28),
    "over": (20, 28),
    "waiting": (26, 16),
    "paused": (26, 16),
    "closed": (32, 4),
    "holiday": (29, 10),
}
_LEAST = 0.006  # of the width: what a short interval gets at least, or a pause of a minute would not be seen

_APART, _APART_WHERE_NARROW = 26, 48  # percent of the width between two labels above a wide and a narrow picture


class Interval(NamedTuple):
    """[start, end) of a clock. `reason` is why it counted or not, in the reader's language; a holiday by its name."""

    kind: Kind
    start: datetime
    end: datetime
    reason: str


class Part(NamedTuple):
    """An interval as it is shown, split at `now` and at the deadline. `x` and `width` are percent, `y` and `height`
    pixels. `seconds` are whole ones. `left` will count, `over` is after the deadline.
    """

    kind: Shown
    start: datetime
    end: datetime
    seconds: int
    reason: str
    x: float
    width: float
    y: int
    height: int


class Mark(NamedTuple):
    """An instant in the picture: now, or when it is due. `label` is empty where there is no room for it.

    A label that is not `everywhere` is for wide pictures.
    """

    kind: Literal["now", "due"]
    x: float
    label: str
    everywhere: bool
    anchor: Literal["start", "middle", "end"]


class Legend(NamedTuple):
    """A kind that the picture has, and what it is called."""

    kind: Shown
    text: str


class Picture(NamedTuple):
    """All that a page shows of a ledger: `parts` are the rectangles, and the rows of the table. `said` is the text
    alternative. Without intervals, `parts` is empty.
    """

    parts: tuple[Part, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    legend: tuple[Legend, ...]
    said: str


def intervals_of(ledger: Iterable[Mapping[str, Any]]) -> list[Interval]:
    """The intervals of a ledger as data, as `shared/explain` has it: with `because`, the reason in words."""
    return [
        Interval(
            kind_of(entry["reason"], counted=entry["counted"]),
            datetime.fromisoformat(entry["start"]),
            datetime.fromisoformat(entry["end"]),
            entry["because"],
        )
        for entry in ledger
    ]


def kind_of(reason: str, *, counted: bool) -> Kind:
    """How an interval of business time with that reason is drawn."""
    return "counted" if counted else _KINDS.get(reason, "closed")


def draw(
    intervals: Sequence[Interval],
    messages: Messages,
    moments: Moments,
    *,
    now: datetime | None = None,
    due: datetime | None = None,
) -> Picture:
    """The picture of consecutive `intervals`, on the wall clock of `moments`.

    `now` is until when the clock has counted: of a stopped one, when it stopped; None: all is in the future, and is
    shown as it will count. `due` is the deadline; None where there is none. Time after the deadline, up to `now`, is
    shown as over.
    """
    spans = list(_split(_with_overrun(intervals, messages, now, due), now, due, messages))
    if not spans:
        return Picture((), (), (), (), "")
    scale = _Scale(spans)
    parts = tuple(_part(kind, interval, scale) for kind, interval in spans)
    return Picture(
        parts,
        tuple(_marks(scale, messages, moments, now, due)),
        tuple(ticks(spans[0][1].start, spans[-1][1].end, moments, scale.at)),
        tuple(_legend(parts, messages)),
        _said(parts, messages, moments, due),
    )


def _with_overrun(
    intervals: Sequence[Interval], messages: Messages, now: datetime | None, due: datetime | None
) -> Iterator[Interval]:
    given = [interval for interval in intervals if interval.start < interval.end]
    yield from given
    if given and now is not None and due is not None and now > given[-1].end >= due:
        yield Interval("counted", given[-1].end, now, messages("page.ledger.over"))


def _split(
    intervals: Iterable[Interval], now: datetime | None, due: datetime | None, messages: Messages
) -> Iterator[tuple[Shown, Interval]]:
    """Intervals that counted, split at the deadline and at `now`; the others as they are."""
    for interval in intervals:
        if interval.kind != "counted":
            yield interval.kind, interval
            continue
        cuts = sorted(at for at in {now, due} if at is not None and interval.start < at < interval.end)
        for start, end in pairwise([interval.start, *cuts, interval.end]):
            piece = interval._replace(start=start, end=end)
            if due is not None and start >= due:
                yield "over", piece._replace(reason=messages("page.ledger.over"))
            else:
                yield ("left" if now is not None and start >= now else "counted"), piece


class _Scale:
    """Where an instant is, in percent: as time goes, but short intervals are widened so that they can be seen."""

    def __init__(self, spans: Sequence[tuple[Shown, Interval]]) -> None:
        lengths = [_seconds(interval) for _, interval in spans]
        least = sum(lengths) * min(_LEAST, 0.5 / len(lengths))
        widths = [max(length, least) for length in lengths]
        whole = sum(widths)
        self._instants = [spans[0][1].start, *(interval.end for _, interval in spans)]
        self._places = [0.0, *(100 * sofar / whole for sofar in accumulate(widths))]

    def at(self, instant: datetime) -> float:
        """The place of an instant; one outside the picture is at its edge."""
        if instant <= self._instants[0]:
            return 0.0
        if instant >= self._instants[-1]:
            return 100.0
        index = bisect_right(self._instants, instant)
        since, until = self._instants[index - 1], self._instants[index]
        share = (instant - since) / (until - since)
        return round(self._places[index - 1] + share * (self._places[index] - self._places[index - 1]), 3)


def _part(kind: Shown, interval: Interval, scale: _Scale) -> Part:
    x, end = scale.at(interval.start), scale.at(interval.end)
    start_at, end_at = interval.start.astimezone(UTC), interval.end.astimezone(UTC)
    width = round(end - x, 3)
    return Part(kind, start_at, end_at, round(_seconds(interval)), interval.reason, x, width, *SHAPES[kind])


def _marks(
    scale: _Scale, messages: Messages, moments: Moments, now: datetime | None, due: datetime | None
) -> Iterator[Mark]:
    """The deadline, and where the clock stands; a label only where the other one leaves room for it."""
    place = None if due is None else scale.at(due)
    if due is not None and place is not None:
        yield Mark("due", place, messages("page.ledger.due", at=moments.time(due)), True, _anchor(place))
    if now is not None:
        here = scale.at(now)
        apart = 100.0 if place is None else abs(here - place)
        label = messages("page.ledger.now", at=moments.time(now)) if apart >= _APART else ""
        yield Mark("now", here, label, apart >= _APART_WHERE_NARROW, _anchor(here))


def _anchor(place: float) -> Literal["start", "middle", "end"]:
    return "start" if place < 15 else "end" if place > 85 else "middle"


def _legend(parts: Sequence[Part], messages: Messages) -> Iterator[Legend]:
    """The kinds that there are; one or two holidays by their names, and one or two pauses by what paused the clock."""
    for kind in _ORDER:
        reasons = list(dict.fromkeys(part.reason for part in parts if part.kind == kind))
        if not reasons:
            continue
        text = messages(f"page.ledger.{kind}")
        if len(reasons) <= 2 and kind == "holiday":
            text = ", ".join(reasons)
        elif len(reasons) <= 2 and kind == "paused":
            text = messages("page.ledger.paused_by", why=", ".join(reasons))
        yield Legend(kind, text)


def _said(parts: Sequence[Part], messages: Messages, moments: Moments, due: datetime | None) -> str:
    """The picture in words: from when to when, how long of each kind, and when it is due."""
    lengths = {kind: sum(part.seconds for part in parts if part.kind == kind) for kind in _ORDER}
    said = messages(
        "page.ledger.said",
        start=moments.said(parts[0].start),
        end=moments.said(parts[-1].end),
        parts=[
            messages("page.ledger.said.part", kind=messages(f"page.ledger.{kind}"), span=messages.span(length))
            for kind, length in lengths.items()
            if length
        ],
    )
    return said if due is None else f"{said} {messages('page.ledger.said.due', at=moments.said(due))}"


def _seconds(interval: Interval) -> float:
    return (interval.end - interval.start) / timedelta(seconds=1)
