"""`frontline replay`: runs both services again on a recorded log, and compares their events with the published ones."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from services.cli.options import BAD_INPUT, CommandFailed, Flag, Json, Kafka, Lang, report
from services.cli.printable import printable
from services.cli.progress import DelayedProgress, Progress, ShowStep
from services.cli.replay.log_source import FileName, check_source, open_log
from services.cli.replay.view import as_data, show
from services.replay.log_file import RecordedLog, lines_of
from services.replay.replay import CannotReplay, Replayer, ReplayResult
from shared.kafka.faults import TaskMustStop
from shared.kafka.settings import BadSettings, load
from shared.messages.catalogues import messages_in
from shared.messages.messages import Messages
from shared.policy.mistakes import PolicyError
from shared.policy.settings import PolicySettings

IDENTICAL, DIFFERENT = 0, 1

Policies = Annotated[tuple[str, ...], Parameter(negative="")]
Shown = Annotated[int, Parameter(name="--show", help="How many differences are shown; the others are counted.")]


def replay(
    *,
    from_topic: Flag = False,
    from_file: FileName = None,
    save: FileName = None,
    policy: Policies = (),
    kafka: Kafka = None,
    show_at_most: Shown = 20,
    lang: Lang = None,
    as_json: Json = False,
) -> int:
    """Run the services again on a recorded log; compare the events.

    The router and escalation process the records of the log at the instants that its events name. They must produce the
    published events byte for byte, except `ce_time` and `traceparent`. Exit code 0: identical. 1: an event differs, or
    cannot be replayed because the log no longer has its cause. 2: bad input.

    Parameters
    ----------
    from_topic
        Read the log from Kafka, as it is now.
    from_file
        Replay a log that --save wrote, without Kafka; - reads standard input.
    save
        With --from-topic: also write the log to this file. It contains what customers wrote.
    policy
        Names or files of editions that decided cases, besides those in the log; several with commas or
        repeated. By default those of FRONTLINE_POLICIES.
    lang
        The language of the output, such as en or es.
    """
    messages = messages_in(lang)
    try:
        check_source(messages, from_topic=from_topic, from_file=from_file)
        if save is not None and not from_topic:
            raise CommandFailed(messages("replay.save_needs_topic"), BAD_INPUT)
        if str(save) == "-":
            raise CommandFailed(messages("replay.save_needs_file"), BAD_INPUT)
        if show_at_most < 0:
            raise CommandFailed(messages("replay.show_negative", count=show_at_most), BAD_INPUT)
        with Progress() as progress:
            show_step = DelayedProgress(progress, messages).update
            result = _replay(show_step, messages, from_file, save, policy, kafka, show_at_most)
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(as_data(result)) + b"\n")
    else:
        show(result, Console(soft_wrap=True, highlight=False), messages)
    return IDENTICAL if result.identical else DIFFERENT


def _replay(
    show_step: ShowStep,
    messages: Messages,
    file: Path | None,
    save: Path | None,
    policy: Sequence[str],
    kafka: str | None,
    limit: int,
) -> ReplayResult:
    try:
        named = {"policies": ",".join(policy)} if policy else {}
        configured = load(PolicySettings, **named).editions()
        with open_log(file, kafka, show_step, messages) as log:
            if save is not None:
                _write(log, save, show_step, messages)
            replayer = Replayer(
                configured,
                max_differences=limit,
                progress=lambda done, total: show_step("replay.step.replaying", done=done, total=total),
            )
            return replayer.replay(log)
    except CannotReplay as error:
        lines = (printable(messages.reason(reason)) for reason in error.reasons)
        raise CommandFailed("\n".join(lines), BAD_INPUT) from None
    except (BadSettings, PolicyError, TaskMustStop) as error:
        raise CommandFailed(str(error), BAD_INPUT) from None


def _write(log: RecordedLog, file: Path, show_step: ShowStep, messages: Messages) -> None:
    """Write the whole log or nothing. Only the owner can read the file, since it contains customers' text."""
    part = file.with_name(f"{file.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            for number, line in enumerate(lines_of(log), 1):
                show_step("replay.step.writing", line=number)
                out.write(line)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        problem = error.strerror or str(error)
        raise CommandFailed(messages("replay.cannot_write", file=str(file), problem=problem), BAD_INPUT) from None
