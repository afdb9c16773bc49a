"""What the pages of reports show: numbers and lengths of time as people read them, and the links that ask on."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from babel import Locale
from babel.dates import format_skeleton

from services.board.leads.query import BreachQuery, PeriodQuery
from services.board.period import Period, Step
from services.board.store.outcomes import Report, Tally, Times
from shared.business_time.instants import Micros
from shared.messages.calendar_name import calendar_name
from shared.messages.messages import Messages

_NAMES = {"first": "from", "last": "to"}  # of fields, in an address
_OF_A_PAGE = ("table", "cursor", "limit", "per")  # what a link to another list leaves out
_DAY_LONG, _HOUR_LONG, _MINUTE_LONG, _SECOND_LONG = 86_400, 3_600, 60, 1_000_000


class Line(NamedTuple):
    """A row of a table: what is counted, its tally, the part that was met as text, and where its breaches are."""

    name: str
    tally: Tally
    share: str
    breaches: str
    at: str = ""


class Section(NamedTuple):
    """What the page shows of one kind of promise. `highest` is the step with the most breaches; None = none has any."""

    promise: str
    tally: Tally
    share: str
    breaches: str
    near: str
    by: Mapping[str, Sequence[Line]]
    steps: Sequence[Line]
    highest: Line | None
    times: Sequence[Times]


class Filters(NamedTuple):
    """The form: what was chosen, and what can be."""

    query: PeriodQuery
    period: Period
    words: Mapping[str, Sequence[str]]
    zones: Sequence[str]

    @property
    def narrowed(self) -> bool:
        """Whether anything but one of the usual periods was chosen."""
        given = self.query.model_dump(exclude_defaults=True)
        return bool(given.keys() - {"days", "zone", "show", "cursor", "limit", "table"})

    def address(self, page: str, **changed: Any) -> str:
        """That page with the same choice, but for what is `changed`; None takes something away."""
        return address(page, self.query, **changed)


def address(page: str, query: PeriodQuery, **changed: Any) -> str:
    """The address of a page that asks for the same as `query`, but for what is `changed`."""
    given = {_NAMES.get(name, name): value for name, value in query.model_dump(exclude_defaults=True).items()}
    given = {name: value for name, value in (given | changed).items() if value is not None}
    return f"{page}?{urlencode(given)}" if given else page


def section(report: Report, query: PeriodQuery, messages: Messages, locale: Locale) -> Section:
    """One report as the page shows it."""

    def breaches(**only: Any) -> str:
        without = dict.fromkeys(_OF_A_PAGE)
        return address("/reports/breaches", query, **{**without, "promise": report.promise, **only})

    steps = [
        Line(
            step_name(step, messages, locale),
            tally,
            share(tally, messages),
            breaches(**{"from": step.first.isoformat(), "to": step.last.isoformat(), "days": None}),
            short_name(step, locale),
        )
        for step, tally in report.steps
    ]
    return Section(
        promise=report.promise,
        tally=report.total,
        share=share(report.total, messages),
        breaches=breaches(),
        near=breaches(show="near_miss"),
        by={
            name: [
                Line(word_name(name, word, messages), tally, share(tally, messages), breaches(**{name: word}))
                for word, tally in found.items()
            ]
            for name, found in report.by.items()
        },
        steps=steps,
        highest=max(
            (each for each in steps if each.tally.breached), key=lambda each: each.tally.breached, default=None
        ),
        times=report.times,
    )


def share(tally: Tally, messages: Messages) -> str:
    """The part that was met, with one decimal. It is cut off: what was breached once is not met to 100 %."""
    return "" if tally.share is None else messages.percent(math.floor(tally.share * 1000) / 1000)


def word_name(kind: str, word: str, messages: Messages) -> str:
    """The name of a word; that of no plan is a sentence of its own."""
    if kind == "calendar":
        return calendar_name(word, messages)
    return messages.name(kind, word) if word else messages("leads.no_plan")


def step_name(step: Step, messages: Messages, locale: Locale) -> str:
    """The days of a step: one, from one to another, or the month that they are."""
    if step.first == step.last:
        return messages.day(step.first)
    if step.first.day == 1 and (step.last.toordinal() - step.first.toordinal()) >= 27:
        return str(format_skeleton("yMMMM", step.first, locale=locale))
    return f"{messages.day(step.first)} – {messages.day(step.last)}"


def short_name(step: Step, locale: Locale) -> str:
    """The same for the axis of a chart."""
    return str(format_skeleton("MMMd", step.first, locale=locale))


def length(micros: Micros | None) -> str:
    """A length of time: days and hours, hours and minutes, or minutes and seconds; without what is zero."""
    if micros is None:
        return ""
    seconds = round(micros / _SECOND_LONG)
    days, rest = divmod(seconds, _DAY_LONG)
    hours, minutes = rest // _HOUR_LONG, rest % _HOUR_LONG // _MINUTE_LONG
    parts = ((days, "d"), (hours, "h")) if days else ((hours, "h"), (minutes, "min"))
    if not days and not hours and minutes < 10:
        parts = ((minutes, "min"), (seconds % _MINUTE_LONG, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or f"0 {parts[-1][1]}"


def zones_of(period: Period, own: str | None, calendars: Iterator[str]) -> list[str]:
    """The zones to choose from: that of the report, the reader's own, those of the calendars, and UTC."""
    return list(dict.fromkeys((period.zone.key, *([own] if own else []), *sorted(set(calendars)), "UTC")))


def next_page(query: BreachQuery, after: str | None) -> str | None:
    """Where the list goes on."""
    return None if after is None else address("/reports/breaches", query, cursor=after)
