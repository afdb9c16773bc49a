"""`frontline explain`: why a case has this channel, this priority and these deadlines, from the log."""

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import msgspec
from cyclopts import Parameter

from services.cli.case_log_reader import read_case
from services.cli.explain.case_editions import editions_of
from services.cli.explain.view import show
from services.cli.kafka_errors import kafka_errors
from services.cli.newest_cases import newest_cases
from services.cli.options import (
    BAD_INPUT,
    CommandFailed,
    Flag,
    Kafka,
    Lang,
    kafka_settings,
    language_of,
    now_of,
    report,
)
from services.cli.output import output
from services.cli.printable import printable
from shared.explain.case_log import CaseLog
from shared.explain.explanation import explanation
from shared.kafka.settings import KafkaSettings
from shared.messages.catalogues import FALLBACK, messages_in
from shared.messages.messages import Messages

EXPLAINED = 0
OTHERS = 5  # cases of an account that are named beside the one that is explained

Json = Annotated[bool, Parameter(name="--json", negative="", help="JSON for programs instead of text for people.")]


def explain(
    case: str | None = None, *, last: Flag = False, kafka: Kafka = None, lang: Lang = None, as_json: Json = False
) -> int:
    """Explain a case's channel, priority and deadlines from the log.

    The log of Kafka is read as it is now: the decision and its edition, what happened to the case, its clocks with
    the ledger of each deadline (which time counted, which did not, and why), the rule that each number is from, who was
    or will be called, and which records were dead-lettered and do not count. An isolated case says since when,
    why, when it is retried, and what to do.

    Parameters
    ----------
    case
        The id of the case, which is that of its request; or its reference, as pages show it, which is the beginning of
        the id, of eight characters or more; or an account, whose newest case is explained.
    last
        Explain the newest case of all.
    lang
        The language of what is for people; by default that of LC_ALL or LANG, in JSON English.
    """
    try:
        words = messages_in(lang or language_of(os.environ))
        if last == (case is not None):
            raise CommandFailed(words("explain.needs_case"), BAD_INPUT)
        settings = kafka_settings(kafka, lang)
        with kafka_errors(settings, lang):
            log = asyncio.run(_found(settings, case, words))
        if log.case is None:
            raise CommandFailed(_unknown(case, log, words))
    except CommandFailed as failed:
        return report(failed)
    messages = messages_in(lang or (FALLBACK if as_json else language_of(os.environ)))
    editions, problems = editions_of(log, messages)
    found = explanation(log, log.case, editions, now_of(settings), messages)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    else:
        decided_by = log.case.policy_sha256
        known = [each.edition for each in sorted(editions.values(), key=lambda each: each.sha256 != decided_by)]
        show(found, output(), messages, known)
    if problems:
        print(printable(messages("explain.incomplete", problems="; ".join(problems))), file=sys.stderr)
    return EXPLAINED


async def _found(settings: KafkaSettings, wanted: str | None, messages: Messages) -> CaseLog:
    """The log of the case of that id, else of the newest case of the account of that id, else of the case whose id
    begins so, as pages show it; without one, of the newest. Raises CommandFailed if several ids begin so.
    """
    if wanted is not None:
        log = await read_case(settings, wanted)
        if log.case is not None or log.dead_letters or log.activity:
            return log
    cases = await newest_cases(settings, wanted)
    if not cases.of_account:
        return await _referred_to(settings, cases.by_reference, wanted, messages)
    newest, *others = cases.of_account
    code = "explain.last" if wanted is None else "explain.newest_of_account"
    print(printable(messages(code, case=newest, account=wanted, count=len(cases.of_account))), file=sys.stderr)
    for case_id in others[:OTHERS] if wanted is not None else ():
        print(f"  {printable(case_id)}", file=sys.stderr)
    if wanted is not None and len(others) > OTHERS:
        print(f"  {printable(messages('explain.all_of_account', account=wanted))}", file=sys.stderr)
    return await read_case(settings, newest)


async def _referred_to(
    settings: KafkaSettings, found: Sequence[str], wanted: str | None, messages: Messages
) -> CaseLog:
    """The log of the one case that was found by a reference; an empty one if none was."""
    if len(found) > 1:
        named = [printable(case_id) for case_id in found[:OTHERS]]
        raise CommandFailed(messages("explain.ambiguous", case=wanted, count=len(found), ids=named), BAD_INPUT)
    return await read_case(settings, found[0]) if found else CaseLog()


def _unknown(case: str | None, log: CaseLog, messages: Messages) -> str:
    if log.dead_letters:
        causes = sorted({letter.cause for letter in log.dead_letters})
        return messages("explain.unknown_case.dead_letters", case=case, count=len(log.dead_letters), causes=causes)
    if log.activity:
        return messages("explain.unknown_case.activity", case=case, count=len(log.activity))
    return messages("explain.no_cases" if case is None else "explain.unknown_case", case=case)
