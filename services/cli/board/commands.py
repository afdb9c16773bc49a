"""`frontline board`: makes the board's file anew."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter

from services.board.rebuild import BoardFault, TopicsDiffer, rebuild
from services.cli.kafka_errors import kafka_errors
from services.cli.options import BAD_INPUT, CommandFailed, Json, Kafka, kafka_settings, language_of, report
from services.cli.progress import Progress
from shared.messages.catalogues import messages_in
from shared.observability import logs

DONE, FAILED = 0, 1

app = App(name="board")

File = Annotated[
    Path,
    Parameter(env_var="FRONTLINE_BOARD_FILE", help="By default FRONTLINE_BOARD_FILE, or board.sqlite."),
]


@app.command(name="rebuild")
def rebuild_file(*, file: File = Path("board.sqlite"), kafka: Kafka = None, as_json: Json = False) -> int:
    """Make the board's file anew from the log, and replace the old one once the new one has caught up.

    Stop the board first: it has the file open, and the command refuses. What the log has no more is not in the new
    file. If anything fails, the old file stays as it was.
    """
    logs.configure("board", "error")
    messages = messages_in(language_of(os.environ))
    try:
        settings = kafka_settings(kafka)
        if file.is_dir() or not file.absolute().parent.is_dir():
            raise CommandFailed(messages("board.no_file", file=str(file)), BAD_INPUT)
        with Progress() as progress:

            def show(what: Literal["offsets", "cases"], left: int) -> None:
                progress.update(messages(f"board.rebuild.{what}", count=left))

            with kafka_errors(settings):
                number = asyncio.run(rebuild(settings, file, show))
    except (BoardFault, TopicsDiffer) as error:
        return report(CommandFailed(str(error), FAILED))
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        print(msgspec.json.encode({"file": str(file), "cases": number}).decode())
    else:
        print(messages("board.rebuilt", file=str(file), count=number))
    return DONE
