"""What the commands have in common: options, Kafka settings, and the error that ends a command."""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from services.cli.notes import Note, live_notes, time_at, usual_folder
from shared.kafka.settings import BadSettings, KafkaSettings, load
from shared.messages.catalogues import FALLBACK, best, languages, messages_in
from shared.messages.messages import Messages


def _check_catalogue(_: Any, language: str | None) -> None:
    if language is not None and language not in languages():
        raise ValueError(f"no catalogue has the language {language!r}; the languages are {', '.join(languages())}")


BAD_INPUT = 2  # exit code

Flag = Annotated[bool, Parameter(negative="")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON instead of text.")]
Kafka = Annotated[
    str | None,
    Parameter(
        help="HOST:PORT of Kafka. By default FRONTLINE_KAFKA_BOOTSTRAP, else that of the newest `frontline up` here."
    ),
]


def _folder(_: Any, tokens: Sequence[Token]) -> Path | None:
    """A folder; None for a blank one, as the variable of the environment may be."""
    value = tokens[0].value.strip()
    if value and not Path(value).is_dir():
        raise ValueError(f"{value} is not a folder; it should be the folder of editions")
    return Path(value) if value else None


Folder = Annotated[
    Path | None,
    Parameter(
        name="--policies",
        env_var="FRONTLINE_POLICY_DIR",
        converter=_folder,
        help="A folder of your own editions. A name is looked up there, then among the shipped editions.",
    ),
]
Lang = Annotated[str | None, Parameter(name=["--lang", "--language"], validator=_check_catalogue)]
AnyLanguage = Annotated[str | None, Parameter(name=["--lang", "--language"])]  # the command checks it


class CommandFailed(Exception):
    """Root of the errors that end a command: the message goes to standard error, `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def report(failed: CommandFailed) -> int:
    """Print the error that ends a command on standard error; returns its exit code."""
    print(failed, file=sys.stderr)
    return failed.code


def kafka_settings(address: str | None, language: str | None = None) -> KafkaSettings:
    """The settings for the Kafka of `chosen_system`. Raises CommandFailed."""
    settings, _ = chosen_system(address, language)
    return settings


def chosen_system(address: str | None, language: str | None = None) -> tuple[KafkaSettings, Note | None]:
    """The settings for the Kafka that a command takes, and the note by which it was found, if it was.

    `address` is that of the command line. Without it the environment counts, and without that the newest system that
    runs on this machine: a line on standard error names it, since there may be several. Its namespace is that of the
    system, unless the environment has one. `language` None = that of the environment. Raises CommandFailed.
    """
    try:
        settings = load(KafkaSettings) if address is None else load(KafkaSettings, kafka_bootstrap=address)
        if address is not None or "kafka_bootstrap" in settings.model_fields_set:
            return settings, None
        note = _newest_system(messages_in(language or language_of(os.environ)))
        given = {} if "namespace" in settings.model_fields_set else {"namespace": note.namespace}
        return load(KafkaSettings, kafka_bootstrap=note.kafka, **given), note
    except BadSettings as error:
        raise CommandFailed(str(error), BAD_INPUT) from None


def now_of(settings: KafkaSettings) -> datetime:
    """The time now of the system that a command reads from, which a test may have advanced, as its services have it."""
    return time_at(settings.kafka_bootstrap, settings.namespace, usual_folder())


def _newest_system(messages: Messages) -> Note:
    """The newest that is ready, named on standard error."""
    running = live_notes(usual_folder())
    ready = [note for note in running if note.ready]
    if not ready:
        code = "system.starting" if running else "system.none"
        raise CommandFailed(messages(code, pid=running[0].pid if running else None), BAD_INPUT)
    newest = ready[0]
    facts = {"kafka": newest.kafka, "pid": newest.pid, "since": f"{newest.started.astimezone():%H:%M:%S %Z}"}
    code = "system.newest" if len(ready) > 1 else "system.only"
    print(messages(code, **facts, count=len(ready)), file=sys.stderr)
    return newest


def language_of(environment: Mapping[str, str]) -> str:
    """The language of an environment, as POSIX defines it: the first of LC_ALL, LC_MESSAGES and LANG that is set."""
    found = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), FALLBACK)
    return best(found.partition(".")[0].replace("_", "-"))
