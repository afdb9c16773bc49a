"""What becomes of a record: it pages somebody, or nobody, once."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ValidationError

from paging.journal import Journal
from paging.pager import Page, Pager, Refused

ESCALATION = "frontline.escalation.raised.v1"
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0  # seconds between two attempts to page

_log = logging.getLogger("paging")


@dataclass(frozen=True, slots=True)
class Record:
    """A record of Kafka. `value` is None for a tombstone."""

    topic: str
    partition: int
    offset: int
    headers: Mapping[str, str]
    value: bytes | None


class Escalation(BaseModel):
    """The fields of `escalation.raised` that this consumer needs; it ignores all others, and those to come."""

    case_id: str
    priority: str
    milestone: str
    level: int
    called: str
    at: datetime


class Paging:
    """Pages whoever an escalation calls, in the order of the records."""

    def __init__(self, pager: Pager, journal: Journal, first_pause: float = FIRST_PAUSE) -> None:
        self._pager = pager
        self._journal = journal
        self._first_pause = first_pause

    async def take(self, record: Record) -> None:
        """Return when the record is done with, so that its offset may be committed. Never raises."""
        if record.value is None or record.headers.get("ce_type") != ESCALATION:
            return
        try:
            identity = (record.headers["ce_source"], record.headers["ce_id"])
            escalation = Escalation.model_validate_json(record.value)
        except (KeyError, ValidationError) as error:
            self._keep(record, f"is not a readable event: {error!r}")
            return
        if self._journal.has(identity):
            return
        try:
            await self._page(_page_for(identity, escalation))
        except Refused as error:
            self._keep(record, f"the pager refuses it: {error}")
            return
        self._journal.add(identity)

    async def _page(self, page: Page) -> None:
        """Page until it succeeds. Raises Refused if it never will."""
        pause = self._first_pause
        while True:
            try:
                await self._pager.page(page)
            except Refused:
                raise
            except Exception as error:  # whatever it is, the record must not be lost
                _log.warning("the page for case %s failed, and is repeated: %r", page.case_id, error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return

    def _keep(self, record: Record, reason: str) -> None:
        _log.error("%s %s/%s: %s", record.topic, record.partition, record.offset, reason)
        self._journal.keep(record.topic, record.partition, record.offset, reason, record.value or b"")


def _page_for(identity: tuple[str, str], escalation: Escalation) -> Page:
    text = f"{escalation.priority}: {escalation.milestone} of case {escalation.case_id} is at level {escalation.level}"
    return Page(":".join(identity), escalation.called, escalation.case_id, text)
