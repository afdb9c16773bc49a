"""Lists single promises: those that were broken, and those that nearly were, the latest first.

Who had the case at that moment follows from its records. How late a promise is that is still owed follows from what is
stored of its case; that of a stopped clock is in its row.
"""

import base64
import binascii
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from services.board.clock_rows import Kind, late_by
from services.board.store.codec import codec_of
from services.board.store.outcomes import NEARLY, Filter, kinds_of
from services.board.store.stored_record import NUMBERS
from shared.business_time.instants import Micros, to_micros
from shared.contracts.topics import ACTIVITY, CASES, dead_letter
from shared.explain.case_log import CaseLog
from shared.explain.published_editions import PublishedEditions
from shared.explain.rebuild_case import not_refused
from shared.explain.standing import stand
from shared.sla import case_state
from shared.sla.pinned_edition import Editions
from shared.sla.terms_in_force import view_of

Which = Literal["breached", "near_miss"]
_OF_WHICH: Mapping[Which, tuple[str, str]] = {
    "breached": ("clocks_breached", "outcome = 'breached'"),
    "near_miss": ("clocks_nearly_breached", NEARLY),
}
_PLACE = "outcome_at, clocks.case_no, clocks.milestone, instance"
_COLUMNS = (
    "case_id, subject, account_id, tier, state, clocks.case_no, clocks.milestone, instance, kind, target, stage,"
    " clocks.due_at, stopped_at, outcome_at, took, late, cause, stored"
)
_OF_HOLDERS = (NUMBERS[CASES.name], NUMBERS[ACTIVITY.name], NUMBERS[dead_letter(ACTIVITY).name])


class WrongPlace(Exception):
    """This is no cursor of such a list."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which promises: broken or nearly, of the kinds that `wanted` admits, in [since, until)."""

    which: Which
    wanted: Filter
    since: Micros
    until: Micros


class Missed(NamedTuple):
    """One promise. `at` is the deadline that was missed, or when it was met; `due_at` is its deadline now.

    `late` is how much time has counted since the deadline, in the hours of the clock: until it stopped, or so far.
    `held_by` had the case at that moment; None = nobody.
    """

    case_id: str
    instance: int
    kind: Kind
    which: Which
    subject: str | None
    account_id: str | None
    tier: str | None
    held_by: str | None
    case_state: str
    stage: str
    at: Micros
    due_at: Micros | None
    stopped_at: Micros | None
    target: Micros
    took: Micros | None
    late: Micros | None
    cause: str | None

    @property
    def left(self) -> Micros | None:
        """How much of the target was left; None unless it was met."""
        return self.target - self.took if self.which == "near_miss" and self.took is not None else None


class Listed(NamedTuple):
    """Promises in their order, and the cursor of what follows; None = nothing does."""

    rows: list[Missed]
    after: str | None


def listed(
    db: sqlite3.Connection,
    asked: Asked,
    editions: Editions,
    published: PublishedEditions,
    now: Micros,
    after: str | None,
    at_most: int,
) -> Listed:
    """So many promises behind the cursor `after`, the latest first. Raises WrongPlace."""
    kinds = {number: kind for number, kind in kinds_of(db).items() if asked.wanted.admits(kind)}
    index, condition = _OF_WHICH[asked.which]
    place = [] if after is None else _read(after)
    if not kinds:
        return Listed([], None)
    behind = "" if after is None else f"AND ({_PLACE}) < (?, ?, ?, ?)"
    order = ", ".join(f"{column} DESC" for column in _PLACE.split(", "))
    found = db.execute(
        f"SELECT {_COLUMNS} FROM clocks INDEXED BY {index} CROSS JOIN cases USING (case_no) WHERE {condition}"
        f" AND outcome_at >= ? AND outcome_at < ? {behind} AND kind IN ({', '.join(map(str, kinds))})"
        f" ORDER BY {order} LIMIT ?",
        (asked.since, asked.until, *place, at_most + 1),
    ).fetchall()
    rows = [_missed(db, row, kinds[row["kind"]], asked.which, editions, published, now) for row in found[:at_most]]
    if len(found) <= at_most:
        return Listed(rows, None)
    last = found[at_most - 1]
    return Listed(rows, _written(last["outcome_at"], last["case_no"], last["milestone"], last["instance"]))


def _missed(
    db: sqlite3.Connection,
    row: sqlite3.Row,
    kind: Kind,
    which: Which,
    editions: Editions,
    published: PublishedEditions,
    now: Micros,
) -> Missed:
    at, late = row["outcome_at"], row["late"]
    if which == "breached" and row["stopped_at"] is None:
        late = _late_so_far(row, editions, now)
    return Missed(
        case_id=row["case_id"],
        instance=row["instance"],
        kind=kind,
        which=which,
        subject=row["subject"],
        account_id=row["account_id"],
        tier=row["tier"],
        held_by=_holder(db, row["case_no"], row["case_id"], at, published),
        case_state=row["state"],
        stage=row["stage"],
        at=at,
        due_at=row["due_at"],
        stopped_at=row["stopped_at"],
        target=row["target"],
        took=row["took"],
        late=late,
        cause=row["cause"],
    )


def _late_so_far(row: sqlite3.Row, editions: Editions, now: Micros) -> Micros | None:
    """Of a clock that still runs or stands still; None where its edition cannot be used any more."""
    if row["stored"] is None:
        return None
    try:
        clocks = stand(view_of(case_state.decode(row["stored"]), editions), now).clocks
    except KeyError:
        return None
    place = row["milestone"], row["instance"]
    return next((late_by(clock, now) for clock in clocks if (clock.milestone, clock.instance) == place), None)


def _holder(db: sqlite3.Connection, case_no: int, case_id: str, at: Micros, published: PublishedEditions) -> str | None:
    """Who had the case at that instant: whoever it was last assigned to by then."""
    log, key, codec = CaseLog(published=published), case_id.encode(), codec_of(db)
    for topic, partition, position, body in db.execute(
        f"SELECT topic, partition, position, body FROM records WHERE case_no = ? AND topic IN {_OF_HOLDERS}"
        " ORDER BY topic, position",
        (case_no,),
    ):
        log.take(codec.record_of(topic, partition, position, body, key))
    case = log.case
    if case is None:
        return None
    given = [each for each in not_refused(log, case) if each.type == "assigned" and to_micros(each.at) <= at]
    return max(given, key=lambda each: each.at).to if given else None


def _written(*place: Any) -> str:
    return base64.urlsafe_b64encode(":".join(map(str, place)).encode()).decode().rstrip("=")


def _read(cursor: str) -> Sequence[Any]:
    try:
        at, case_no, milestone, instance = (
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(":")
        )
        return int(at), int(case_no), milestone, int(instance)
    except (binascii.Error, UnicodeError, ValueError):
        raise WrongPlace from None
