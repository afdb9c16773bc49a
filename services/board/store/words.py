"""What the search finds of a case: the texts that its page shows, and no others.

A text is indexed as its record is taken, unless no page will show it (`ingest.py`). A later record may hide texts that
are indexed: a retraction, or a second request under the id of the case. Then all texts of the case are indexed again.
"""

import sqlite3
from collections.abc import Iterator, Sequence

from services.board.store.schema import MESSAGES
from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.explain.case_log import CaseLog
from shared.explain.logged_case import SPOKEN, in_order_of_the_log
from shared.kafka.record import Record


def text_of(request: SupportRequestSubmitted) -> str:
    """What a request is found by."""
    return f"{request.subject}\n{request.description}\n{request.requester.name or ''}"


def is_for_desk(activity: ActivityRecorded) -> bool:
    """Whether agents alone find its text."""
    return activity.type not in SPOKEN


def hides_texts(requests: Sequence[Record], log: CaseLog) -> bool:
    """Whether one of these records hides a text that may be indexed. `log` has all of its activity."""
    return len(requests) > 1 or any(each.type == "reply_retracted" for _, each in log.activity)


def index_again(db: sqlite3.Connection, case_no: int, request: SupportRequestSubmitted | None, log: CaseLog) -> None:
    """Index what the page of a case shows, in the place of all that was indexed. `log` has all of its activity.

    `request` None = the file has no request of it.
    """
    delete_words(db, case_no)
    shown = [*_shown(request, log)][: MESSAGES - 1]
    for number, (text, for_desk) in enumerate(shown, 1):
        insert(db, case_no * MESSAGES + number, text, for_desk=for_desk)
    db.execute("UPDATE cases SET texts = ? WHERE case_no = ?", (len(shown), case_no))


def insert(db: sqlite3.Connection, row: int, text: str, *, for_desk: bool) -> None:
    """Let the search find a text, or agents alone."""
    db.execute(f"INSERT INTO words (rowid, {'desk' if for_desk else 'text'}) VALUES (?, ?)", (row, text))


def delete_words(db: sqlite3.Connection, case_no: int) -> None:
    """Let the search find nothing of a case."""
    db.execute("DELETE FROM words WHERE rowid BETWEEN ? AND ?", (case_no * MESSAGES, case_no * MESSAGES + MESSAGES - 1))


def _shown(request: SupportRequestSubmitted | None, log: CaseLog) -> Iterator[tuple[str, bool]]:
    """Each text, and whether it is for the desk alone."""
    if request is not None:
        yield text_of(request), False
    messages = in_order_of_the_log(log)
    retracted = {each.retracts for each in messages if each.type == "reply_retracted"}
    for each in messages:
        if each.text and each.activity_id not in retracted:
            yield each.text, is_for_desk(each)
