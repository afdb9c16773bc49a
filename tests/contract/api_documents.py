"""`python -m tests.contract.api_documents [--check | --release | --all FOLDER]`: the documents of the APIs, as files.

Without a flag it writes `docs/openapi.json`, the calls of intake, `docs/board-openapi.json`, those of the board, and
`docs/asyncapi.json`, the events of the whole system. So a change of an interface shows in the diff of its commit.
`--check` writes nothing and exits 1 if a file is not up to date. `--release` also writes those of calls into
`docs/released/`: clients were made from them, and later versions are compared with them. `--all` writes them, and what
each service serves at `/asyncapi`, into a folder, for other tools.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from services.board.app import create_app as create_board_app
from services.board.service import Service as BoardService
from services.board.settings import Settings as BoardSettings
from services.escalation.app import escalation
from services.intake import docs
from services.intake.app import create_app
from services.intake.service import Service
from services.intake.settings import Settings
from services.router.app import router
from shared.contracts.topics import ENTITLEMENTS, TOPICS
from shared.kafka.asyncapi import asyncapi
from shared.kafka.settings import KafkaSettings
from shared.streams.service import TaskService
from tests.contract.openapi_compatibility import complaints
from tests.contract.tree import ROOT
from tests.harness.intake import ID_SECRET, api_keys, editions

DOCS = ROOT / "docs"
RELEASED = DOCS / "released"
KAFKA = KafkaSettings(kafka_bootstrap="localhost:9092", namespace="")
_DESCRIPTION = """\
The events of Frontline. A billing system may write entitlements (docs/producers.md); all others are Frontline's own.

Events are CloudEvents 1.0 in Kafka's binary mode. Read with `isolation.level=read_committed` (docs/contracts.md)."""

Json = dict[str, Any]


def openapi_document() -> Json:
    """The OpenAPI document of an intake with the edition that ships as the default."""
    settings = Settings(**dict(KAFKA), api_keys=api_keys(), id_secret=ID_SECRET)
    return create_app(Service(settings, settings.read_callers(), editions())).openapi()


def board_document() -> Json:
    """The OpenAPI document of a board with the same edition; its file is not opened."""
    settings = BoardSettings(**dict(KAFKA), api_keys=api_keys(), id_secret=ID_SECRET)
    return create_board_app(BoardService(settings, settings.read_callers(), editions())).openapi()


def asyncapi_document() -> Json:
    """The AsyncAPI document of the whole system, as others see it: it takes entitlements, and publishes the rest."""
    published = [topic for topic in TOPICS if topic.events and topic is not ENTITLEMENTS]
    document: Json = json.loads(asyncapi("Frontline", _DESCRIPTION, KAFKA, (ENTITLEMENTS,), published))
    return document


def of_calls() -> dict[str, Json]:
    """By file name, the documents of calls: of all services that have clients."""
    return {"openapi.json": openapi_document(), "board-openapi.json": board_document()}


def committed() -> dict[str, Json]:
    """By file name, what is in `docs`."""
    return {**of_calls(), "asyncapi.json": asyncapi_document()}


def of_services() -> dict[str, Json]:
    """By file name, what the services serve at `/asyncapi`."""
    tasks = (router(editions(), KAFKA.partitions), escalation(editions(), KAFKA.partitions, 60.0))
    return {"intake.asyncapi.json": json.loads(docs.events(KAFKA)), **{_file(task): _of(task) for task in tasks}}


def _file(task: TaskService) -> str:
    return f"{task.name}.asyncapi.json"


def _of(task: TaskService) -> Json:
    document: Json = json.loads(asyncapi(f"Frontline {task.name}", task.description, KAFKA, task.reads, task.writes))
    return document


def as_text(document: Json) -> str:
    """A document as its file has it: what nobody sees is escaped, all else is as people read it."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) + "\n"


def stale(folder: Path = DOCS) -> list[str]:
    """The files that are missing or not up to date."""
    return [name for name, document in committed().items() if _read(folder / name) != as_text(document)]


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


def broken() -> list[str]:
    """What would break clients of the released documents, with the file of each; nothing before the first release."""
    return [
        f"{name}: {line}"
        for name, document in of_calls().items()
        if (text := _read(RELEASED / name)) is not None
        for line in complaints(json.loads(text), document)
    ]


def write(folder: Path, documents: dict[str, Json]) -> None:
    """Write each document to its file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (folder / name).write_text(as_text(document), encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.api_documents", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not up to date")
    mode.add_argument("--release", action="store_true", help="also take the calls for released ones")
    mode.add_argument("--all", type=Path, metavar="FOLDER", help="write all of them there")
    options = parser.parse_args(arguments)
    if options.all is not None:
        write(options.all, {**committed(), **of_services()})
    elif not options.check:
        write(DOCS, committed())
        if options.release:
            write(RELEASED, of_calls())
    elif found := stale():
        print(f"docs: not up to date: {', '.join(found)}; run: make schemas, and read the diff", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
