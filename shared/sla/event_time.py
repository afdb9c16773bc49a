"""[pure] From when an activity counts, and which instants are refused.

Most activity is dated by intake on its receipt. That instant is ours: a clock of ours that is wrong must not lose what
was acknowledged, so a receipt from before its case counts from the opening of the case. Only an instant that a client
gave (scope `backfill`) can be refused. The log alone decides, so that a replay and `frontline explain` agree with what
was published: no clock is asked.
"""

from datetime import datetime

from shared.business_time.errors import CalendarError
from shared.business_time.instants import Micros, from_micros, to_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import ActivityRecorded
from shared.sla.errors import InputRefused


def is_receipt(at: datetime, recorded_at: datetime | None) -> bool:
    """Whether `at` is the instant of receipt, and not one that a client gave."""
    return at == recorded_at


def counts_from(at: Micros, opened_at: Micros) -> Micros:
    """The instant from which an activity dated `at` counts: nothing happens to a case before it is submitted."""
    return max(at, opened_at)


def is_before(at: datetime, recorded_at: datetime | None, opened_at: Micros) -> bool:
    """Whether a client dates an activity before its case; a receipt from before it is none of the client's doing."""
    return not is_receipt(at, recorded_at) and to_micros(at) < opened_at


def check_not_before(activity: ActivityRecorded, opened_at: Micros) -> None:
    """Refuse an activity that its client dates before the case. Raises InputRefused."""
    if is_before(activity.at, activity.recorded_at, opened_at):
        raise InputRefused(
            "bad_activity_time",
            f"at: {format_instant(activity.at)} lies before the case, which was submitted at "
            f"{format_instant(from_micros(opened_at))}",
        )


def micros(at: datetime, field: str) -> Micros:
    """The instant in microseconds since 1970. Raises InputRefused for the ends of the calendar, where no clock runs."""
    try:
        return to_micros(at, field)
    except CalendarError as error:
        raise InputRefused("malformed_event", f"{field}: {error}") from None
