"""Random histories for the fold alone: any activity at any instant, new terms and calendars at any time."""

from typing import NamedTuple

from hypothesis import strategies as st

from shared.business_time.calendar import BusinessCalendar
from shared.contracts.vocabulary import ACTIVITY_TYPES, ActivityType
from shared.sla.clock import Activity, CasePolicy
from shared.sla.fold import NEW_TERMS
from tests.harness.desk import OFFICE, minute
from tests.unit.sla.histories import HELD, WAITING, promises

NIGHT = BusinessCalendar.from_config(
    {"timezone": "Asia/Kolkata", "hours": {day: [["20:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
)
STATUSES = (WAITING, HELD, "open", "resolved", "closed", "withdrawn")


class Played(NamedTuple):
    """What a fold is asked."""

    policy: CasePolicy
    status: str
    history: tuple[Activity, ...]


@st.composite
def _activity(draw: st.DrawFn, number: int) -> Activity:
    kind: ActivityType = draw(st.sampled_from(ACTIVITY_TYPES))
    at = draw(st.one_of(st.integers(-3, 12), st.integers(0, 3_000)))
    changes = kind in NEW_TERMS
    return Activity(
        at=minute(at),
        kind=kind,
        id=f"{number:02}",
        to=draw(st.sampled_from(STATUSES)) if kind in ("status_changed", "reopened") else None,
        terms=draw(promises) if changes else None,
        calendar=draw(st.sampled_from([None, OFFICE, NIGHT])) if changes else None,
    )


@st.composite
def played(draw: st.DrawFn) -> Played:
    """A case and its history, in no order."""
    policy = CasePolicy(draw(promises), draw(st.sampled_from([OFFICE, NIGHT])))
    length = draw(st.integers(0, 14))
    history = tuple(draw(_activity(number)) for number in draw(st.permutations(range(length))))
    return Played(policy, draw(st.sampled_from(STATUSES[:4])), history)
