"""Examples of reports and of broken promises, about the case of an example."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.board.clock_rows import Kind
from services.board.csv_text import line, lines
from services.board.leads.answers import COLUMNS, missed_answer, missed_cells, report_answer, table_of
from services.board.period import Period
from services.board.store.breaches import Missed
from services.board.store.outcomes import BY, PROMISES, Report, Tally, Times
from shared.business_time.instants import to_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import CaseRouted
from shared.web.example import Example, Examples

_MINUTE = 60_000_000  # microseconds
_TALLY = Tally(met=96, breached=4, near=7)


class ExampleCase(NamedTuple):
    """What a report says of a case."""

    case: CaseRouted
    subject: str
    held_by: str


class ExamplesOfReports:
    """The examples about that case."""

    def __init__(self, example: ExampleCase) -> None:
        case = example.case
        day = case.received_at.date()
        milestone = next((name for name, terms in case.milestones.items() if terms.due_at), next(iter(case.milestones)))
        self._as_of = format_instant(case.received_at + timedelta(days=1))
        self._period = Period(day - timedelta(days=1), day, ZoneInfo("UTC"), "day")
        self._kind = Kind(
            case.entitlement.plan or "", case.priority, case.calendar or "", milestone, PROMISES[0], "business"
        )
        self._missed = _missed(example, self._kind)
        self._reports = [self._report(promise) for promise in PROMISES]

    def answers(self) -> Mapping[str, Examples]:
        """The examples of answers, by the name of their model."""
        report = {**report_answer(self._reports, self._period), "as_of": self._as_of}
        page = {"breaches": [missed_answer(self._missed)], "next_cursor": None, "as_of": self._as_of}
        return {
            "Outcomes": {"two_days": Example("Two days, by day", report)},
            "Breaches": {"late_answer": Example("An answer that came late", page)},
        }

    def tables(self) -> Mapping[str, str]:
        """The beginnings of tables as CSV, by the names of calls."""
        counts = "".join(lines(*table_of("counts", self._reports, self._period)))
        missed = line(COLUMNS) + line(missed_cells(self._missed))
        return {"getOutcomes": counts, "getOutcomesCsv": counts, "listBreaches": missed, "listBreachesCsv": missed}

    def _report(self, promise: str) -> Report:
        first, *others = self._period.steps()
        if promise != self._kind.promise:
            none = {name: dict[str, Tally]() for name in BY}
            return Report(promise, by=none, steps=[(step, Tally()) for step in (first, *others)])
        kind = self._kind
        return Report(
            promise,
            _TALLY,
            {name: {getattr(kind, name): _TALLY} for name in BY},
            [(first, _TALLY), *((step, Tally()) for step in others)],
            [(first, kind, _TALLY)],
            [Times(kind.milestone, kind.hours, 98, 14 * _MINUTE, 51 * _MINUTE)],
        )


def _missed(example: ExampleCase, kind: Kind) -> Missed:
    case = example.case
    due_at = to_micros(case.received_at) + 60 * _MINUTE
    return Missed(
        case_id=case.case_id,
        instance=1,
        kind=kind,
        which="breached",
        subject=example.subject,
        account_id=case.account_id,
        tier=case.assigned_tier,
        held_by=example.held_by,
        case_state="open",
        stage="fulfilled",
        at=due_at,
        due_at=due_at,
        stopped_at=due_at + 5 * _MINUTE,
        target=60 * _MINUTE,
        took=65 * _MINUTE,
        late=5 * _MINUTE,
        cause=None,
    )
