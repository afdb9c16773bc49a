"""What the calls and the pages of reports ask for: a period in a zone, and which promises."""

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from services.board.period import LONGEST, Per, Period, usual_step
from services.board.store.breaches import Which
from services.board.store.outcomes import Filter
from shared.contracts.vocabulary import Promise
from shared.pages.moments import zone_named
from shared.web.errors import FieldError, InvalidFields

MOST = 500  # promises on a page
USUAL_DAYS = 30
Table = Literal["counts", "time", "milestone", "priority", "plan", "calendar", "times"]


class PeriodQuery(BaseModel):
    """Which promises, by when they were met or their deadline was missed. Words are those of the editions.

    Days are those of `zone`: the last so many, today included, or those from `from` to `to`. All conditions hold
    together; `plan=` without a value asks for cases that have no plan.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    plan: str | None = Field(None, description="Of cases with this plan; empty: of cases without one.")
    priority: str | None = Field(None, description="Of cases with this priority.")
    calendar: str | None = Field(None, description="Those that count by this calendar.")
    milestone: str | None = Field(None, description="This promise alone.")
    promise: Promise | None = Field(None, description="Commitments or objectives alone.")
    days: int = Field(USUAL_DAYS, ge=1, le=LONGEST, description="The last so many days, today included.")
    first: str | None = Field(None, alias="from", description="The first day, such as 2026-11-01.")
    last: str | None = Field(None, alias="to", description="The last day, which is included.")
    zone: str = Field("UTC", description="The zone whose days they are, such as Europe/Madrid.")
    per: Per | None = Field(None, description="Of a report: what it counts together; else what suits the period.")

    @property
    def wanted(self) -> Filter:
        """The same for the store."""
        return Filter(self.plan, self.priority, self.calendar, self.milestone, self.promise)

    def period(self, now: datetime) -> Period:
        """The days as of `now`. Raises InvalidFields."""
        zone = zone_named(self.zone)
        if zone is None:
            raise InvalidFields([FieldError("zone", "leads.wrong.zone")])
        first, last = self._between(now.astimezone(zone).date())
        return Period(first, last, ZoneInfo(zone.key), self.per or usual_step((last - first).days + 1))

    def _between(self, today: date) -> tuple[date, date]:
        last = today if self.last is None else _date("to", self.last)
        if self.first is None:
            return last - timedelta(days=self.days - 1), last
        first = _date("from", self.first)
        if first > last:
            raise InvalidFields([FieldError("from", "leads.wrong.order")])
        if (last - first).days >= LONGEST:
            raise InvalidFields([FieldError("from", "leads.wrong.long", {"limit": LONGEST})])
        return first, last


class ReportQuery(PeriodQuery):
    """What `GET /v1/outcomes` asks for. `table` is what it answers as CSV."""

    table: Table = Field("counts", description="Of CSV: which table of the report.")


class BreachQuery(PeriodQuery):
    """What `GET /v1/breaches` asks for: broken promises, or those that were met with less than a tenth left."""

    show: Which = Field("breached", description="Promises that were broken, or met with less than a tenth left.")
    limit: int = Field(50, ge=1, le=MOST, description="So many promises on a page.")
    cursor: str | None = Field(None, description="The `next_cursor` of a page: the promises behind it.")


def _date(name: str, text: str) -> date:
    """A day such as 2026-11-27, not before 1970 nor in the last years that instants reach. Raises InvalidFields."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 1970 < found.year < 9990:
        raise InvalidFields([FieldError(name, "leads.wrong.date")])
    return found
