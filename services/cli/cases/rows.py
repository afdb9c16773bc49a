"""[pure] The cases of a log as rows of a list: how each stands at an instant, the newest first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from shared.contracts.base import format_instant
from shared.contracts.structs import CaseRouted
from shared.explain.case_log import CaseLog
from shared.explain.rules import calendar_made_of
from shared.explain.standing import standing
from shared.sla.pinned_edition import PinnedEdition, short_of

OVER = frozenset({"resolved", "closed"})

Editions = Callable[[CaseLog], Mapping[bytes, PinnedEdition]]


class CaseRow(NamedTuple):
    """`state` is open, waiting, resolved or closed; None = unknown without its edition, and then nothing is due.

    `channel` is the one that the router assigned. `milestone` is due next, at `due_at`; without an instant its clock
    stands still, and without a milestone nothing runs. `timezone` is that of the case's calendar.
    """

    case_id: str
    account_id: str | None
    state: str | None
    channel: str
    priority: str
    received_at: datetime
    milestone: str | None
    due_at: datetime | None
    timezone: str | None

    def as_data(self) -> dict[str, Any]:
        """The row as `--json` prints it: instants as RFC 3339 in UTC."""
        due = None if self.due_at is None else format_instant(self.due_at)
        return {**self._asdict(), "received_at": format_instant(self.received_at), "due_at": due}


def newest(
    logs: Iterable[CaseLog],
    editions_of: Editions,
    now: datetime,
    *,
    account: str | None = None,
    only_open: bool = False,
    limit: int | None = None,
) -> list[CaseRow]:
    """The newest cases at `now`, at most `limit`: of one account, or those that are neither resolved nor closed.

    `editions_of` has the editions of a log, by how cases refer to them. A case that cannot be judged counts as open. No
    more cases are judged than are shown.
    """
    chosen = (row for row in _rows(logs, editions_of, now, account) if not only_open or row.state not in OVER)
    return list(islice(chosen, limit))


def _rows(logs: Iterable[CaseLog], editions_of: Editions, now: datetime, account: str | None) -> Iterator[CaseRow]:
    decided = [(case, log) for log in logs if (case := log.case) is not None and account in (None, case.account_id)]
    for case, log in sorted(decided, key=lambda each: (each[0].received_at, each[0].case_id), reverse=True):
        yield _row(case, log, editions_of(log), now)


def _row(case: CaseRouted, log: CaseLog, editions: Mapping[bytes, PinnedEdition], now: datetime) -> CaseRow:
    stands = standing(log, case, editions, now)
    calendar = calendar_made_of(case.calendar, editions.get(short_of(case.policy_sha256)))
    return CaseRow(
        case_id=case.case_id,
        account_id=case.account_id,
        state=None if stands is None else stands.state,
        channel=case.assigned_channel,
        priority=case.priority if stands is None else stands.priority,
        received_at=case.received_at,
        milestone=None if stands is None else stands.milestone,
        due_at=None if stands is None else stands.due_at,
        timezone=calendar["timezone"],
    )
