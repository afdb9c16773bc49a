"""`frontline policy backtest`: what another edition would have changed for recorded traffic."""

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from services.cli.options import BAD_INPUT, CommandFailed, Flag, Folder, Json, Kafka, Lang, report
from services.cli.policy.backtest.conditions import Condition, parse
from services.cli.policy.backtest.data import as_data
from services.cli.policy.backtest.view import lines
from services.cli.progress import DelayedProgress, Progress, ShowStep
from services.cli.replay.log_source import FileName, RecordedLog, check_source, open_log
from services.replay.backtest.backtest import COUNTS, Backtest
from shared.kafka.faults import TaskMustStop
from shared.kafka.settings import BadSettings, load
from shared.messages.catalogues import messages_in
from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition, load_library
from shared.policy.mistakes import PolicyError
from shared.policy.settings import PolicySettings

DONE, CONDITION_HOLDS = 0, 1
NAMES = (*COUNTS, "not_comparable")
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)  # of an instant in a log

Words = Annotated[tuple[str, ...], Parameter(negative="")]
Shown = Annotated[int, Parameter(name="--show", help="How many cases and accounts are shown; the others are counted.")]


def backtest(
    edition: str,
    *,
    baseline: str | None = None,
    from_topic: Flag = False,
    from_file: FileName = None,
    since: str | None = None,
    as_of: str | None = None,
    fail_on: Words = (),
    policy: Words = (),
    policies: Folder = None,
    kafka: Kafka = None,
    show_at_most: Shown = 20,
    lang: Lang = None,
    as_json: Json = False,
) -> int:
    """Show what another edition would have changed for recorded traffic.

    The recorded requests and activity are folded under the edition and under the baseline: who is decided otherwise,
    which promises differ, who breaches and who is called. The end of the recording is the clock. Exit code 0: done.
    1: a condition of --fail-on holds. 2: bad input.

    Parameters
    ----------
    edition
        The name or file of the edition to try.
    baseline
        The name or file of the edition to compare with. By default the editions that the cases of the log pinned.
    from_topic
        Read the log from Kafka, as it is now.
    from_file
        Read a log that `frontline replay --save` wrote; - reads standard input.
    since
        Compare only requests received at this instant or later, such as 2026-11-23 or 2026-11-23T08:00:00Z.
    as_of
        The instant up to which clocks count, instead of the end of the recording.
    fail_on
        Exit with 1 if a count is so, such as "newly_breached>0"; may be repeated.
    policy
        Names or files of editions that decided cases, besides those in the log; several with commas or
        repeated. By default those of FRONTLINE_POLICIES.
    lang
        The language of the output, such as en or es.
    """
    messages = messages_in(lang)
    try:
        check_source(messages, from_topic=from_topic, from_file=from_file)
        if show_at_most < 0:
            raise CommandFailed(messages("replay.show_negative", count=show_at_most), BAD_INPUT)
        conditions = _conditions(fail_on, messages)
        first, end = _instant("--since", since, messages), _instant("--as-of", as_of, messages)
        with Progress() as progress:
            show_step = DelayedProgress(progress, messages).update
            test = Backtest(
                load_edition(edition, policies),
                baseline=None if baseline is None else load_edition(baseline, policies),
                configured=_configured(policy, policies),
                spool=RecordedLog.empty,
                since=first,
                as_of=end,
                show=show_at_most,
                progress=Rate(show_step).update,
            )
            with open_log(from_file, kafka, show_step, messages) as log:
                result = test.run(log)
    except CommandFailed as failed:
        return report(failed)
    except (BadSettings, PolicyError, TaskMustStop) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    held = [condition for condition in conditions if condition.holds(result.counts)]
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(as_data(result, held, messages)) + b"\n")
    else:
        for line in lines(result, held, messages.in_zone(UTC), accounts=show_at_most):
            print(line)
    return CONDITION_HOLDS if held else DONE


def _configured(names: Sequence[str], folder: Path | None) -> EditionLibrary:
    """The editions that count where the log does not have one. Raises PolicyError, BadSettings."""
    named = {"policies": ",".join(names)} if names else {}
    settings = load(PolicySettings, **named)
    return load_library(settings.policies, folder or settings.policy_dir)


def _conditions(texts: Sequence[str], messages: Messages) -> list[Condition]:
    found: list[Condition] = []
    for text in texts:
        condition = parse(text, NAMES)
        if isinstance(condition, Reason):
            raise CommandFailed(messages.reason(condition), BAD_INPUT)
        found.append(condition)
    return found


def _instant(option: str, text: str | None, messages: Messages) -> datetime | None:
    """The instant in an option: a date is its first instant in UTC, and a time without a zone is one of UTC."""
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
        at: datetime | None = (given.replace(tzinfo=UTC) if given.tzinfo is None else given).astimezone(UTC)
    except (ValueError, OverflowError):
        at = None
    if at is None or not EARLIEST <= at < LATEST:
        raise CommandFailed(messages("backtest.bad_instant", option=option, text=text[:100]), BAD_INPUT)
    return at


class Rate:
    """Shows how many events were folded, and how many in a second."""

    def __init__(self, show_step: ShowStep) -> None:
        self._show_step = show_step
        self._since: float | None = None

    def update(self, done: int, total: int) -> None:
        """So many of `total` events are folded."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        rate = round(done / max(now - self._since, 0.001))
        self._show_step("backtest.step.folding", done=done, total=total, rate=rate)
