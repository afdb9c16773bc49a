"""Facts from the published tests of other projects, as the files in `data/` hold them.

A file is JSON lines: its `source`, then each `file` of that source that was read, then calendars and the facts
themselves. `README.md` says what each field means. A field that is not known is a mistake.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from tests.oracle.zones import zone

HERE = Path(__file__).parent
SOURCES = tuple(sorted(path.stem for path in (HERE / "data").glob("*.jsonl")))

_DURATION = re.compile(r"(-)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class _Line(Struct, forbid_unknown_fields=True, frozen=True, tag_field="is", kw_only=True):
    """One line. `is` says which kind."""


class Source(_Line, tag="source", frozen=True):
    """Whose tests these are; `about` says how their words are put into ours."""

    project: str
    licence: str
    about: str


class NotTaken(Struct, forbid_unknown_fields=True, frozen=True):
    """How many cases of a file are not here, and why."""

    count: int
    why: str


class File(_Line, tag="file", frozen=True):
    """A file of the source, at a commit."""

    key: str
    path: str
    commit: str
    not_taken: tuple[NotTaken, ...] = ()


class Calendar(_Line, tag="calendar", frozen=True):
    """A calendar that facts name."""

    name: str
    config: dict[str, Any]


class Differs(Struct, forbid_unknown_fields=True, frozen=True):
    """Our own answer where it is another one, by which of our rules, and what the source does instead."""

    ours: Any
    rule: str
    why: str


class Fact(_Line, frozen=True, kw_only=True):
    """What one case of the source asks, and `theirs`: what it is answered there."""

    id: str
    file: str
    where: str
    calendar: str = ""
    theirs: Any
    differs: Differs | None = None
    note: str = ""


class Added(Fact, tag="add", frozen=True):
    """When `add` of open time has gone by since `start`; a date alone as an answer is the local date."""

    start: str
    add: str
    pauses: tuple[tuple[str, str], ...] = ()


class Days(Fact, tag="days", frozen=True):
    """When a target in business days is due; a date alone as an answer is the local date."""

    start: str
    days: int
    until: Literal["same_time", "end_of_day"] = "same_time"


class Elapsed(Fact, tag="elapsed", frozen=True):
    """How much open time lies in [start, end)."""

    start: str
    end: str
    pauses: tuple[tuple[str, str], ...] = ()


class IsOpen(Fact, tag="open", frozen=True):
    """Whether the calendar is open at an instant."""

    at: str


class Works(Fact, tag="works", frozen=True):
    """Whether a local date has any open time."""

    date: str


class ClosedBy(Fact, tag="closed_by", frozen=True):
    """Whether an instant is closed by that reason."""

    at: str
    reason: Literal["holiday", "break"]


class Edge(Fact, tag="edge", frozen=True):
    """An edge of the open hours near an instant; a date alone as an answer is the local date.

    `first_open` and `last_open` are the instant itself where it is open, or just was; `closing` is that of the period
    which is open or opens next; an opening is at the instant or beyond it, a `later_opening` always beyond.
    """

    at: str
    edge: Literal["first_open", "last_open", "closing", "next_opening", "later_opening", "last_opening"]


class Opens(Fact, tag="opens", frozen=True):
    """The open spans of a range."""

    start: str
    end: str


class Config(Fact, tag="config", frozen=True):
    """Whether a calendar is accepted: "accepted", or "refused"."""

    config: dict[str, Any]


class Case(Fact, frozen=True, kw_only=True):
    """A case's history. `milestones` are as in `frontline clocks`, with durations in words."""

    opened_at: str
    at: str
    milestones: dict[str, dict[str, Any]]
    status: str = "open"
    events: tuple[dict[str, Any], ...] = ()


class Clocks(Case, tag="clocks", frozen=True):
    """The case's clocks at `at`, by milestone or "milestone 2"; None is a clock that does not exist.

    "next_due" is the earliest deadline that is still to come.
    """


class Levels(Case, tag="levels", frozen=True):
    """When each level of the chain is reached, if time goes on until `at`. There is one milestone.

    A level is named by how long after the deadline it comes: "-10m" is ten minutes before it, in the target's hours.
    """

    levels: tuple[str, ...]


AnyFact = Added | Days | Elapsed | IsOpen | Works | ClosedBy | Edge | Opens | Config | Clocks | Levels
_LINE: msgspec.json.Decoder[Source | File | Calendar | AnyFact] = msgspec.json.Decoder(
    Source | File | Calendar | AnyFact
)


def wanted(fact: AnyFact) -> Any:
    """The answer that ours is compared with: how much of it is asked, and how exactly."""
    return fact.theirs if fact.differs is None else fact.differs.ours


class Collection(NamedTuple):
    """All that was taken from one source. `slug` is its file's name."""

    slug: str
    source: Source
    files: Mapping[str, File]
    calendars: Mapping[str, dict[str, Any]]
    facts: tuple[AnyFact, ...]


@cache
def collection(slug: str) -> Collection:
    """Read a file of `data/`; a name that is given twice, or not at all, is a mistake."""
    source: Source | None = None
    files: dict[str, File] = {}
    calendars: dict[str, dict[str, Any]] = {"": {}}
    facts: dict[str, AnyFact] = {}
    for line in (HERE / "data" / f"{slug}.jsonl").read_bytes().splitlines():
        match _LINE.decode(line):
            case Source() as source:
                pass
            case File() as file:
                assert file.key not in files, file.key
                files[file.key] = file
            case Calendar() as calendar:
                assert calendar.name not in calendars, calendar.name
                calendars[calendar.name] = calendar.config
            case fact:
                assert fact.id not in facts, fact.id
                assert fact.file in files, f"{fact.id} names no file"
                assert fact.calendar in calendars, f"{fact.id} names no calendar"
                facts[fact.id] = fact
    assert source is not None, f"{slug} does not say whose facts they are"
    del calendars[""]
    return Collection(slug, source, files, calendars, tuple(facts.values()))


def duration(text: str) -> timedelta:
    """1d2h3m4.5s, the days of 24 hours; a minus in front turns it round."""
    found = _DURATION.fullmatch(text)
    assert found is not None, f"{text!r} is not a duration"
    assert any(found.groups()), "a duration says something"
    sign, days, hours, minutes, seconds = found.groups(default="0")
    micros = round(float(seconds) * 1_000_000)
    length = timedelta(days=int(days), hours=int(hours), minutes=int(minutes), microseconds=micros)
    return -length if sign == "-" else length


def instant(text: str, timezone: str) -> datetime:
    """An instant with its offset, or else by the wall clock of the zone (the first, where it says the time twice)."""
    read = datetime.fromisoformat(text)
    return (read if read.tzinfo else read.replace(tzinfo=zone(timezone))).astimezone(UTC)


def local_date(at: datetime, timezone: str) -> date:
    """What the calendar on the wall says."""
    return at.astimezone(zone(timezone)).date()


def is_date(answer: object) -> bool:
    """Whether an answer is a date alone."""
    return isinstance(answer, str) and _DATE.fullmatch(answer) is not None
