"""`frontline replay`: folds a recorded log again and compares what follows from it with what was published."""

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
from aiokafka.errors import KafkaConnectionError, KafkaError
from cyclopts import Parameter
from rich.console import Console

from services.cli.jsonl import BAD_INPUT
from services.cli.progress import Progress
from services.cli.replay.view import as_data, show
from services.replay.editions import AtHand
from services.replay.log_file import BadLogFile, lines_of, read_lines
from services.replay.log_from_kafka import read_log
from services.replay.recorded_log import RecordedLog
from services.replay.replay import CannotReplay, Outcome, replay_log, saved_editions
from shared.kafka.faults import NoTopics, TaskMustStop
from shared.kafka.settings import BadSettings, KafkaSettings, load
from shared.policy.files import load_library
from shared.policy.mistakes import PolicyError
from shared.policy.settings import PolicySettings

IDENTICAL, DIFFERENT = 0, 1
_PATIENCE = 1.0  # seconds before anything is said of progress

Flag = Annotated[bool, Parameter(negative="")]
FileName = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]
Json = Annotated[bool, Parameter(name="--json", negative="", help="JSON for programs instead of text for people.")]
Policies = Annotated[tuple[str, ...], Parameter(negative="")]
Shown = Annotated[int, Parameter(name="--show", help="How many differences are shown; the others are counted.")]


class _Wrong(Exception):
    """Ends the command with this exit code; the message is for people."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def replay(
    *,
    from_topic: Flag = False,
    from_file: FileName = None,
    save: FileName = None,
    policy: Policies = (),
    kafka: str | None = None,
    show_at_most: Shown = 20,
    as_json: Json = False,
) -> int:
    """Fold a recorded log again, and compare what follows from it with what was published.

    Both services run again, by their own rules, on the records of the log and at the instants that its events tell of.
    What they say has to be what they said, byte by byte (`ce_time` and `traceparent` aside). Exit code 0: identical.
    1: something differs, or the log no longer has what it follows from (said and counted). 2: bad input.

    Parameters
    ----------
    from_topic
        Read the log from Kafka, as it is now.
    from_file
        Replay a log that --save has written, without Kafka; - is standard input.
    save
        With --from-topic: write the log to this file as well. It holds what customers wrote.
    policy
        Editions that cases were decided by, names or files, beside those that the log has saved; several with commas or
        repeated. By default those of FRONTLINE_POLICIES.
    kafka
        HOST:PORT; otherwise FRONTLINE_KAFKA_BOOTSTRAP says where Kafka is.
    """
    try:
        if from_topic == (from_file is not None):
            raise _Wrong("say where the log is: --from-topic, or --from-file FILE", BAD_INPUT)
        if save is not None and not from_topic:
            raise _Wrong("--save goes with --from-topic", BAD_INPUT)
        if str(save) == "-":
            raise _Wrong("--save needs the name of a file: standard output has the outcome", BAD_INPUT)
        if show_at_most < 0:
            raise _Wrong(f"--show {show_at_most}: must not be negative", BAD_INPUT)
        with Progress() as progress:
            outcome = _outcome(_Patient(progress).say, from_file, save, policy, kafka, show_at_most)
    except _Wrong as wrong:
        print(wrong, file=sys.stderr)
        return wrong.code
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(as_data(outcome)) + b"\n")
    else:
        show(outcome, Console(soft_wrap=True, highlight=False))
    return IDENTICAL if outcome.as_published and outcome.complete else DIFFERENT


def _outcome(
    say: Callable[[str], None],
    file: Path | None,
    save: Path | None,
    policy: Sequence[str],
    kafka: str | None,
    limit: int,
) -> Outcome:
    try:
        named = {"policies": ",".join(policy)} if policy else {}
        configured = load_library(load(PolicySettings, **named).policies)
        with _from_kafka(kafka, say) if file is None else _from_file(file, say) as log:
            if save is not None:
                _write(log, save, say)
            at_hand = AtHand(saved_editions(log), configured)
            return replay_log(log, at_hand, limit, lambda done, total: say(f"replaying: {done:,} of {total:,}"))
    except (BadSettings, PolicyError, CannotReplay, TaskMustStop) as error:
        raise _Wrong(str(error), BAD_INPUT) from None


def _from_kafka(kafka: str | None, say: Callable[[str], None]) -> RecordedLog:
    settings = load(KafkaSettings) if kafka is None else load(KafkaSettings, kafka_bootstrap=kafka)
    where = settings.kafka_bootstrap
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it has to say is said below, once
    try:
        return asyncio.run(read_log(settings, lambda done, total: say(f"reading the log: {done:,} of {total:,}")))
    except KafkaConnectionError:
        raise _Wrong(f"Kafka at {where} does not answer; --kafka HOST:PORT says where it is", DIFFERENT) from None
    except KafkaError as error:
        raise _Wrong(f"Kafka at {where} cannot be read: {error or type(error).__name__}", DIFFERENT) from None
    except NoTopics:
        raise _Wrong(f"Kafka at {where} has no topics of Frontline; run `frontline topics apply`", DIFFERENT) from None


def _from_file(file: Path, say: Callable[[str], None]) -> RecordedLog:
    def counted(lines: BinaryIO) -> Iterator[bytes]:
        for number, line in enumerate(lines, 1):
            say(f"reading the log: line {number:,}")
            yield line

    try:
        with contextlib.nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as lines:
            return read_lines(counted(lines))
    except BadLogFile as error:
        where = "standard input" if str(file) == "-" else str(file)
        raise _Wrong(f"{where}, {error}", BAD_INPUT) from None
    except OSError as error:
        raise _Wrong(f"cannot read {file}: {error.strerror or error}", BAD_INPUT) from None


def _write(log: RecordedLog, file: Path, say: Callable[[str], None]) -> None:
    """All of it or nothing; for nobody else to read, since customers' words are in it."""
    beside = file.with_name(f"{file.name}.part")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            for number, line in enumerate(lines_of(log), 1):
                say(f"writing the log: line {number:,}")
                out.write(line)
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _Wrong(f"cannot write {file}: {error.strerror or error}", BAD_INPUT) from None


class _Patient:
    """Says what is going on once it takes longer than people notice."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._next = time.monotonic() + _PATIENCE

    def say(self, sentence: str) -> None:
        """What is being done; said from time to time."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PATIENCE / 5
            self._progress.say(sentence)
