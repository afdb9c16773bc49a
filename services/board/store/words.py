"""What the search finds of a case, made again from its records: what its page shows, and no more.

A text is indexed when its record is taken. What takes it away comes later: the reply is taken back, or the record is
one of two under one id, or escalation refused it. Then all texts of the case are indexed again, which is rare.
"""

import sqlite3
from collections.abc import Iterator, Sequence

from services.board.store.schema import MESSAGES
from shared.contracts.structs import ActivityRecorded, SupportRequestSubmitted
from shared.explain.case_log import CaseLog
from shared.explain.logged_case import in_order_of_the_log
from shared.kafka.record import Record

SAID = ("customer_replied", "agent_replied", "bot_replied")  # what customers read as well


def text_of(request: SupportRequestSubmitted) -> str:
    """What a request is found by."""
    return f"{request.subject}\n{request.description}\n{request.requester.name or ''}"


def is_for_desk(activity: ActivityRecorded) -> bool:
    """Whether agents alone find its text."""
    return activity.type not in SAID


def hides_texts(requests: Sequence[Record], log: CaseLog) -> bool:
    """Whether a case has texts that its page does not show. `log` has all of its activity."""
    return len(requests) > 1 or bool(log.dead_letters) or any(each.retracts for _, each in log.activity)


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
    retracted = {each.retracts for _, each in log.activity if each.type == "reply_retracted"}
    for each in in_order_of_the_log(log):
        if each.text and each.activity_id not in retracted:
            yield each.text, is_for_desk(each)
