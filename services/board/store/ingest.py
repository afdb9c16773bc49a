"""Puts the records of the log into the tables of the board, and marks the cases that they touch as dirty."""

import hashlib
import sqlite3
from collections import OrderedDict

from prometheus_client import Counter

from services.board.edition_shelf import EditionShelf
from services.board.store.codec import RecordCodec
from services.board.store.schema import MESSAGES
from services.board.store.stored_record import NUMBERS
from services.board.store.timers import Timers
from services.board.store.words import insert, is_for_desk, text_of
from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, CASES, EDITIONS, ESCALATIONS, REQUESTS, dead_letter
from shared.explain.case_log import may_be_applied
from shared.kafka import dead_letters, serde
from shared.kafka.dead_letters import NotADeadLetter
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record, Withheld

TAKEN = Counter("frontline_board_records_total", "Records that the board has taken", ["topic"])
PASSED_OVER = Counter("frontline_board_unreadable_records_total", "Records that the board has passed over", ["cause"])

_KNOWN = 200_000  # ids of cases whose number is remembered
_TAKEN_BACK = b"taken back"
_LETTERS = tuple(NUMBERS[dead_letter(topic).name] for topic in (REQUESTS, CASES, ACTIVITY))


class Ingest:
    """Takes one record at a time, within the transaction of its batch."""

    def __init__(self, database: sqlite3.Connection, editions: EditionShelf, codec: RecordCodec) -> None:
        self._db, self._editions, self._codec = database, editions, codec
        self._timers = Timers(database)
        self._numbers: OrderedDict[str, int] = OrderedDict()

    def forget(self) -> None:
        """The transaction was undone, or cases were deleted: what was remembered of them does not count."""
        self._numbers.clear()

    def take(self, record: Record) -> None:
        """Take a record. One that cannot be read is counted and passed over."""
        TAKEN.labels(record.topic).inc()
        if isinstance(record.value, Withheld):
            PASSED_OVER.labels(record.value.cause).inc()
            return
        try:
            if record.topic == EDITIONS.name:
                self._take_edition(record)
            elif record.topic == REQUESTS.name:
                self._take_request(record)
            elif NUMBERS[record.topic] in _LETTERS:
                self._take_letter(record)
            else:
                case_no = self._take_of_case(record, _case_id(record))
                if record.topic == ESCALATIONS.name:
                    self._timers.take(case_no, record)
        except (PoisonRecord, NotADeadLetter, UnicodeDecodeError) as error:
            PASSED_OVER.labels(getattr(error, "cause", "malformed_event")).inc()

    def _take_edition(self, record: Record) -> None:
        if record.key is None or record.value is None:
            raise PoisonRecord("malformed_event", "no edition")
        sha256 = record.key.decode()
        self._editions.take(sha256, record)
        self._db.execute("INSERT OR REPLACE INTO editions VALUES (?, ?)", (sha256, self._codec.body_of(record)))
        self._db.execute(
            "INSERT OR IGNORE INTO dirty SELECT case_no FROM cases WHERE stored IS NULL AND policy_sha256 IS NOT NULL"
        )

    def _take_request(self, record: Record) -> None:
        _, event = serde.decode(record)
        if not isinstance(event, SupportRequestSubmitted):
            raise PoisonRecord("unexpected_type", "no request")
        case_no = self._number(event.request_id)
        self._keep(case_no, record, None)
        self._fold_again(case_no)
        self._has_new_text(case_no)
        self._index(case_no, text_of(event))

    def _take_letter(self, record: Record) -> None:
        """A dead letter of a case, or of its request. What was folded with its record is folded again without it.

        The note that one was replayed says nothing of a case: its record comes again by itself.
        """
        if dead_letters.parse_replayed(record) is not None:
            return
        letter = dead_letters.parse(record.key, record.value, record.headers)
        source = letter.record
        if source.topic == REQUESTS.name:
            _, event = serde.decode(source)
            case_id = event.request_id if isinstance(event, SupportRequestSubmitted) else None
        else:
            case_id = None if source.key is None else source.key.decode()
        if case_id is not None:
            self._fold_again(self._take_of_case(record, case_id))

    def _take_of_case(self, record: Record, case_id: str) -> int:
        case_no = self._number(case_id)
        self._keep(case_no, record, case_id.encode())
        if record.topic == ACTIVITY.name:
            envelope, event = serde.decode(record)
            if isinstance(event, ActivityRecorded):
                self._take_text(case_no, event, is_shown=may_be_applied(record, envelope, event))
        return case_no

    def _take_text(self, case_no: int, activity: ActivityRecorded, *, is_shown: bool) -> None:
        """Index the text of an activity if pages show it: of one id they show the first, and none that was taken back,
        also before it came. Shown or not, it is stored.
        """
        if activity.text:
            self._has_new_text(case_no)
        if not is_shown or not self._note(case_no, _hash_of(activity.activity_id)):
            return
        if activity.type == "reply_retracted" and activity.retracts is not None:
            self._note(case_no, _hash_of(activity.retracts, _TAKEN_BACK))
        if activity.text and not self._knows(case_no, _hash_of(activity.activity_id, _TAKEN_BACK)):
            self._index(case_no, activity.text, for_desk=is_for_desk(activity))

    def _note(self, case_no: int, activity: int) -> bool:
        """Keep that hash. Returns whether it is new."""
        given = (case_no, activity)
        return self._db.execute("INSERT OR IGNORE INTO activity_ids VALUES (?, ?)", given).rowcount > 0

    def _knows(self, case_no: int, activity: int) -> bool:
        given = (case_no, activity)
        found = self._db.execute("SELECT 1 FROM activity_ids WHERE case_no = ? AND activity = ?", given)
        return found.fetchone() is not None

    def _has_new_text(self, case_no: int) -> None:
        """If the texts of the case were purged: there is one again."""
        self._db.execute("UPDATE cases SET purged = 2 WHERE case_no = ? AND purged = 1", (case_no,))

    def _keep(self, case_no: int, record: Record, key: bytes | None) -> None:
        place = case_no, NUMBERS[record.topic], record.partition, record.offset
        self._db.execute(
            "INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?)", (*place, self._codec.body_of(record, key))
        )
        self._db.execute("INSERT OR IGNORE INTO dirty VALUES (?)", (case_no,))

    def _fold_again(self, case_no: int) -> None:
        """From its beginning: what it begins with has changed."""
        self._db.execute("UPDATE cases SET stored = NULL, folded_to = -1 WHERE case_no = ?", (case_no,))

    def _index(self, case_no: int, text: str, *, for_desk: bool = False) -> None:
        """Let the search find a text, or agents alone. Of a case beyond its share of rows, nothing more is found."""
        ((texts,),) = self._db.execute(
            "UPDATE cases SET texts = texts + 1 WHERE case_no = ? RETURNING texts", (case_no,)
        )
        if texts < MESSAGES:
            insert(self._db, case_no * MESSAGES + texts, text, for_desk=for_desk)

    def _number(self, case_id: str) -> int:
        known = self._numbers.get(case_id)
        if known is None:
            found = self._db.execute("SELECT case_no FROM cases WHERE case_id = ?", (case_id,)).fetchone()
            known = None if found is None else int(found[0])
            if known is None:
                known = self._db.execute("INSERT INTO cases (case_id) VALUES (?)", (case_id,)).lastrowid
            assert known is not None  # noqa: S101 - it was inserted
            self._numbers[case_id] = known
            if len(self._numbers) > _KNOWN:
                self._numbers.popitem(last=False)
        return known


def _hash_of(activity_id: str, what: bytes = b"") -> int:
    """Eight bytes for an id of any length. Should two of one case ever be the same, the second text is not found.

    `what` = _TAKEN_BACK: that the activity with this id was taken back.
    """
    return int.from_bytes(hashlib.blake2b(activity_id.encode(), digest_size=8, person=what).digest(), signed=True)


def _case_id(record: Record) -> str:
    """What a record of a case has as its key. Raises PoisonRecord for one that is none, or that says nothing."""
    if not record.key or record.value is None:
        raise PoisonRecord("malformed_event", "no key or no value")
    return record.key.decode()
