"""`frontline cases`: the cases of the log, the newest first, and what is due next on each."""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Annotated

import msgspec
from cyclopts import Parameter

from services.cli.case_log_reader import read_cases
from services.cli.cases.rows import newest
from services.cli.cases.view import lines
from services.cli.explain.case_editions import editions_of
from services.cli.kafka_errors import kafka_errors
from services.cli.options import (
    BAD_INPUT,
    CommandFailed,
    Json,
    Kafka,
    Lang,
    kafka_settings,
    language_of,
    now_of,
    report,
)
from services.cli.output import output
from services.cli.printable import printable
from services.cli.progress import DelayedProgress, Progress
from shared.explain.case_log import CaseLog
from shared.kafka.settings import KafkaSettings
from shared.messages.catalogues import FALLBACK, messages_in
from shared.messages.messages import Messages
from shared.routing.rendering import in_words_of
from shared.sla.pinned_edition import PinnedEdition

LISTED = 0

Limit = Annotated[int, Parameter(help="How many are shown; 0 = all.")]


def cases(
    *,
    account: str | None = None,
    only_open: Annotated[bool, Parameter(name="--open", negative="")] = False,
    limit: Limit = 20,
    kafka: Kafka = None,
    lang: Lang = None,
    as_json: Json = False,
) -> int:
    """List the newest cases of the log, and what is due on each.

    The log of Kafka is read as it is now, and each case is worked out from it as `explain` does: its state (open,
    waiting, resolved or closed), the channel that it was given, its priority, and which promise is due next and when,
    in the zone of its calendar.

    Parameters
    ----------
    account
        Only the cases of this account.
    only_open
        Only those that are neither resolved nor closed.
    lang
        The language of what is for people; by default that of LC_ALL or LANG.
    as_json
        Print one JSON object for each case.
    """
    messages = messages_in(lang or (FALLBACK if as_json else language_of(os.environ)))
    try:
        if limit < 0:
            raise CommandFailed(messages("cases.limit_negative", limit=limit), BAD_INPUT)
        settings = kafka_settings(kafka, lang)
        logs = _logs(settings, messages)
    except CommandFailed as failed:
        return report(failed)
    editions, now = KnownEditions(messages), now_of(settings)
    # One more than is shown tells whether there are others.
    rows = newest(
        logs.values(), editions.of, now, account=account, only_open=only_open, limit=limit + 1 if limit else None
    )
    shown = rows[:limit] if limit else rows
    if as_json:
        for row in shown:
            print(msgspec.json.encode(row.as_data()).decode())
    else:
        out = output()
        words = messages
        for pinned in editions.used():
            words = in_words_of(words, pinned.edition)
        for line in lines(shown, now, words, out.width if out.is_terminal else None) if shown else ():
            out.print(line, markup=False)
    notes = [messages("cases.none")] if not shown else []
    notes += [messages("cases.more", limit=limit)] if len(rows) > len(shown) else []
    for sentence in (*notes, *editions.problems):
        print(printable(sentence), file=sys.stderr)
    return LISTED


def _logs(settings: KafkaSettings, messages: Messages) -> dict[str, CaseLog]:
    with Progress() as progress, kafka_errors(settings, messages.language):
        step = DelayedProgress(progress, messages).update
        return asyncio.run(read_cases(settings, lambda records: step("migrate.records_read", records=records)))


class KnownEditions:
    """The editions of cases, each looked for once; `problems` has a sentence for each that cannot be used."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._found: dict[frozenset[str], Mapping[bytes, PinnedEdition]] = {}
        self.problems: list[str] = []

    def of(self, log: CaseLog) -> Mapping[bytes, PinnedEdition]:
        """The editions that this log names, by how cases refer to them."""
        named = frozenset(log.named_editions)
        if named not in self._found:
            self._found[named], problems = editions_of(log, self._messages)
            self.problems += [problem for problem in problems if problem not in self.problems]
        return self._found[named]

    def used(self) -> list[PinnedEdition]:
        """Each edition that was found, the one that takes effect first at the front."""
        found = {pinned.sha256: pinned for editions in self._found.values() for pinned in editions.values()}
        return sorted(found.values(), key=lambda pinned: pinned.edition.effective_from)
