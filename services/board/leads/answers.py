"""Reports and lists of promises as calls answer them: JSON data, and tables for CSV."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.board.csv_text import Cell
from services.board.leads.query import Table
from services.board.period import Period
from services.board.store.breaches import Missed
from services.board.store.outcomes import Report, Tally
from shared.business_time.instants import Micros, from_micros
from shared.contracts.base import format_instant

_TALLY = ("met", "breached", "near_misses", "met_share")
_SECOND = 1_000_000


def report_answer(reports: Sequence[Report], period: Period) -> dict[str, Any]:
    """Commitments and objectives, each for itself. Days are those of `zone`, `to` included."""
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "zone": period.zone.key,
        "per": period.per,
        "promises": [_report(report) for report in reports],
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "promise": report.promise,
        **_tally(report.total),
        "by": {
            name: [{name: word or None, **_tally(tally)} for word, tally in found.items()]
            for name, found in report.by.items()
        },
        "over_time": [
            {"from": step.first.isoformat(), "to": step.last.isoformat(), **_tally(tally)}
            for step, tally in report.steps
        ],
        "times": [
            {
                "milestone": times.milestone,
                "hours": times.hours,
                "fulfilled": times.fulfilled,
                "median_seconds": _seconds(times.median),
                "p90_seconds": _seconds(times.p90),
            }
            for times in report.times
        ],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    """`near_misses` are among those that were met."""
    share = None if tally.share is None else round(tally.share, 6)
    return dict(zip(_TALLY, (tally.met, tally.breached, tally.near, share), strict=True))


def missed_answer(row: Missed) -> dict[str, Any]:
    """A promise that was broken, or nearly. Lengths are in the hours of its clock.

    `missed_at` is the deadline; `still_owed`: it was not fulfilled so far. `held_by` had the case at that moment.
    """
    kind = row.kind
    broken = row.which == "breached"
    return {
        "case_id": row.case_id,
        "subject": row.subject,
        "account_id": row.account_id,
        "milestone": kind.milestone,
        "instance": row.instance,
        "promise": kind.promise,
        "plan": kind.plan or None,
        "priority": kind.priority,
        "calendar": kind.calendar,
        "hours": kind.hours,
        "outcome": "breached" if broken else "met",
        "missed_at": _instant(row.at) if broken else None,
        "fulfilled_at": _instant(row.stopped_at) if row.stage == "fulfilled" else None,
        "still_owed": row.stage in ("running", "paused"),
        "target_seconds": _seconds(row.target),
        "took_seconds": _seconds(row.took),
        "late_seconds": _seconds(row.late),
        "left_seconds": _seconds(row.left),
        "cause": row.cause,
        "held_by": row.held_by,
        "tier": row.tier,
        "case_state": row.case_state,
    }


# The columns of a list of promises.
COLUMNS = (
    *("case_id", "subject", "account_id", "milestone", "instance", "promise", "plan", "priority", "calendar", "hours"),
    *("outcome", "missed_at", "fulfilled_at", "still_owed", "target_seconds", "took_seconds", "late_seconds"),
    *("left_seconds", "cause", "held_by", "tier", "case_state"),
)


def missed_cells(row: Missed) -> list[Cell]:
    """The same as a row of a table."""
    return list(missed_answer(row).values())


def table_of(table: Table, reports: Sequence[Report], period: Period) -> tuple[Sequence[str], list[list[Cell]]]:
    """A table of a report: its header and its rows."""
    match table:
        case "counts":
            header = (
                "from",
                "to",
                "zone",
                "promise",
                "plan",
                "priority",
                "calendar",
                "milestone",
                "hours",
                *_TALLY[:3],
            )
            return header, list(_counts(reports, period))
        case "time":
            found = [_of(report, row) for report in reports for row in _report(report)["over_time"]]
            return ("promise", "from", "to", *_TALLY), found
        case "times":
            found = [_of(report, row) for report in reports for row in _report(report)["times"]]
            return ("promise", "milestone", "hours", "fulfilled", "median_seconds", "p90_seconds"), found
        case _:
            found = [_of(report, row) for report in reports for row in _report(report)["by"][table]]
            return ("promise", table, *_TALLY), found


def _counts(reports: Sequence[Report], period: Period) -> Iterator[list[Cell]]:
    """One row for each step and kind of promise in which there was one: whatever else is asked is a sum of these."""
    for report in reports:
        for step, kind, tally in report.cells:
            yield [
                step.first.isoformat(),
                step.last.isoformat(),
                period.zone.key,
                *(kind.promise, kind.plan, kind.priority, kind.calendar, kind.milestone, kind.hours),
                *tally,
            ]


def _of(report: Report, row: Mapping[str, Any]) -> list[Cell]:
    return [report.promise, *row.values()]


def _seconds(length: Micros | None) -> int | float | None:
    if length is None:
        return None
    return length // _SECOND if length % _SECOND == 0 else length / _SECOND


def _instant(micros: Micros | None) -> str | None:
    return None if micros is None else format_instant(from_micros(micros))
