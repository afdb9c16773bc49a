"""Works out the rows of cases from their records."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from prometheus_client import Counter

from services.board.clock_rows import ClockRow, Kind
from services.board.edition_shelf import EditionShelf
from services.board.fold import NOTHING, Folded, Spoken, columns_of, go_on, of_request, request_of, row_of
from services.board.store.codec import RecordCodec
from services.board.store.stored_record import NUMBERS
from services.board.store.words import hides_texts, index_again
from shared.business_time.instants import Micros
from shared.contracts.topics import ACTIVITY, CASES, REQUESTS, dead_letter
from shared.explain.case_log import CaseLog
from shared.kafka.faults import place_of
from shared.kafka.record import Record
from shared.observability.logs import get_logger
from shared.sla import case_state

FAILED = Counter("frontline_board_cases_failed_total", "Cases whose row could not be worked out", ["error"])

_OF_A_FOLD = (NUMBERS[CASES.name], NUMBERS[dead_letter(CASES).name], NUMBERS[dead_letter(ACTIVITY).name])


class CaseRows:
    """The rows, within the transaction of the caller.

    Each that is worked out has the next number of change: one more than the last, and no less than the instant in
    microseconds. So numbers never come again, whatever is deleted, and those of another file are comparable.
    """

    def __init__(self, database: sqlite3.Connection, editions: EditionShelf, codec: RecordCodec) -> None:
        self._db, self._editions, self._codec = database, editions, codec
        self._log = get_logger()
        self._logged: set[str] = set()
        self.change: int = database.execute("SELECT coalesce(max(change), 0) FROM cases").fetchone()[0]

    def dirty(self, at_most: int = -1) -> list[int]:
        """The numbers of cases whose row is older than their records."""
        return [case_no for (case_no,) in self._db.execute("SELECT case_no FROM dirty LIMIT ?", (at_most,))]

    def work_out(self, cases: Iterable[int], now: Micros) -> list[str]:
        """Work out the rows of `cases`, which are clean then. Returns their ids."""
        done, changed = list(cases), []
        for case_no in done:
            try:
                changed.append(self._work_out(case_no, now))
            except sqlite3.Error:
                raise
            except Exception as error:  # it is that case alone; raised, it would stop all of them
                FAILED.labels(type(error).__name__).inc()
                self._log_once(place_of(error))
        self._db.executemany("DELETE FROM dirty WHERE case_no = ?", [(case_no,) for case_no in done])
        return changed

    def _work_out(self, case_no: int, now: Micros) -> str:
        found = self._db.execute("SELECT * FROM cases WHERE case_no = ?", (case_no,))
        row = dict(zip([name for name, *_ in found.description], found.fetchone(), strict=True))
        case_id, stored, folded_to = row["case_id"], row["stored"], row["folded_to"]
        spoken = row["assigned_to"], row["last_at"], row["turn"]
        change = max(self.change + 1, now)
        columns: dict[str, Any] = {"change": change, "updated_at": now}
        before = NOTHING if stored is None else Folded(case_state.decode(stored), Spoken(*spoken), folded_to)
        log = self._log_of(case_no, case_id, before.to)
        requests = self._requests_of(case_no) if stored is None else ()
        if (request := request_of(requests, log.case)) is not None:
            before = before._replace(spoken=of_request(request))
            columns |= columns_of(request)
        folded = go_on(before, log, self._editions)
        if folded is None:  # from the beginning
            requests, log = self._requests_of(case_no), self._log_of(case_no, case_id, NOTHING.to)
            request = request_of(requests, log.case)
            before = NOTHING if request is None else NOTHING._replace(spoken=of_request(request))
            folded = go_on(before, log, self._editions) or NOTHING
        if before.to == NOTHING.to and hides_texts(requests, log):  # `log` has all of the activity
            index_again(self._db, case_no, request_of(self._requests_of(case_no), log.case), log)
        clocks: Sequence[ClockRow] = ()
        if log.case is not None:
            state = folded.state
            columns |= {"stored": None if state is None else case_state.encode(state, None), "folded_to": folded.to}
            decided, clocks = row_of(log.case, folded, self._editions, now)
            columns |= decided
        # SQLite writes every index that has one of the columns anew: most replies change none that lists filter by.
        columns = {name: value for name, value in columns.items() if row[name] != value}
        names = ", ".join(f"{name} = ?" for name in columns)
        self._db.execute(f"UPDATE cases SET {names} WHERE case_no = ?", (*columns.values(), case_no))
        self._put_clocks(case_no, clocks)
        self.change = change
        return str(case_id)

    def note_changed(self, cases: Iterable[int], now: Micros) -> list[str]:
        """Give the next numbers of change to rows that have changed otherwise. Returns their ids."""
        changed = []
        for case_no in cases:
            self.change = max(self.change + 1, now)
            found = self._db.execute(
                "UPDATE cases SET change = ?, updated_at = ? WHERE case_no = ? RETURNING case_id",
                (self.change, now, case_no),
            ).fetchall()
            changed += [str(case_id) for (case_id,) in found]
        return changed

    def _log_of(self, case_no: int, case_id: str, folded_to: int) -> CaseLog:
        """The decision and the dead letters of a case, and its activity behind that offset."""
        log = CaseLog(published=self._editions.published)
        key = case_id.encode()
        found = self._db.execute(
            f"SELECT topic, partition, position, body FROM records WHERE case_no = ? AND (topic IN {_OF_A_FOLD}"
            " OR topic = ? AND position > ?) ORDER BY topic, position",
            (case_no, NUMBERS[ACTIVITY.name], folded_to),
        )
        for topic, partition, position, body in found:
            log.take(self._codec.record_of(topic, partition, position, body, key))
        return log

    def _requests_of(self, case_no: int) -> list[Record]:
        """The requests with the id of a case, of which one was decided."""
        found = self._db.execute(
            "SELECT topic, partition, position, body FROM records WHERE case_no = ? AND topic = ? ORDER BY 2, 3",
            (case_no, NUMBERS[REQUESTS.name]),
        )
        return [self._codec.record_of(*row) for row in found]

    def _put_clocks(self, case_no: int, clocks: Sequence[ClockRow]) -> None:
        """Write the clocks, unless they are those that are there: most messages change none."""
        rows = [{"case_no": case_no, "kind": self._number_of(kind), **columns} for kind, columns in clocks]
        names = ", ".join(rows[0]) if rows else "case_no"
        before = self._db.execute(f"SELECT {names} FROM clocks WHERE case_no = ?", (case_no,)).fetchall()
        if set(before) == {tuple(row.values()) for row in rows}:
            return
        self._db.execute("DELETE FROM clocks WHERE case_no = ?", (case_no,))
        if rows:
            marks = ", ".join(f":{name}" for name in rows[0])
            self._db.executemany(f"INSERT INTO clocks ({names}) VALUES ({marks})", rows)

    def _number_of(self, kind: Kind) -> int:
        """The number of a kind of promise. The file is asked: a number of an undone transaction counts no more."""
        ((number,),) = self._db.execute(
            f"INSERT INTO kinds ({', '.join(kind._fields)}) VALUES ({', '.join('?' * len(kind))})"
            " ON CONFLICT DO UPDATE SET plan = plan RETURNING kind",
            kind,
        )
        return int(number)

    def _log_once(self, where: str) -> None:
        """Log an unexpected error by its place in the code: its text might quote a customer."""
        if where not in self._logged:
            self._logged.add(where)
            self._log.error(
                "The row of a case could not be worked out; further ones are only counted",
                action="board.case_failed",
                where=where,
            )
