"""`frontline dead-letters`: lists, shows and replays records that could not be processed.

Only `show --value` prints content, since a customer may have written it.
"""

import asyncio
import base64
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any, TypeVar

import msgspec
from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from services.cli.kafka_errors import kafka_errors
from services.cli.options import BAD_INPUT, CommandFailed, Flag, Kafka, kafka_settings, report
from shared.contracts.base import format_instant
from shared.contracts.topics import REQUESTS
from shared.kafka.dead_letter_log import SOURCES, Found, NoOriginal, Place, read_all, read_one, read_original, replay
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings

DONE, FAILED = 0, 1
CONFLICT = (
    "another request with the same id counts, and after two days the router would decide this one as well; "
    "--force replays it"
)

app = App(name="dead-letters")

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON lines instead of text.")]
Topic = Annotated[str | None, Parameter(help=f"Only those of one source topic: {', '.join(SOURCES)}.")]
Cause = Annotated[str | None, Parameter(help="Only those with this cause, such as malformed_event.")]
_Result = TypeVar("_Result")


@app.command(name="list")
def list_dead_letters(*, topic: Topic = None, cause: Cause = None, kafka: Kafka = None, as_json: Json = False) -> int:
    """List dead letters with their causes, without their content."""
    try:
        found = _call(kafka, lambda settings: _collect(settings, topic, cause))
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        for each in found:
            print(_json(_about(each)))
    elif not found:
        print("no dead letters")
    else:
        _table(found)
    return DONE


@app.command
def show(place: str, *, value: Flag = False, kafka: Kafka = None, as_json: Json = False) -> int:
    """Show one dead letter: its source record, its cause and the names of its headers.

    Parameters
    ----------
    place
        Its id as `list` shows it: TOPIC:PARTITION:OFFSET.
    value
        Also show key, headers and value. They may contain what a customer wrote. Those of a dead letter by reference
        are read from its source topic, if that still has the record.
    """
    try:
        about = _call(kafka, lambda settings: _show(settings, _place(place), value))
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        print(_json(about))
    else:
        for name, each in about.items():
            print(f"{name}: {each if isinstance(each, str) else _json(each)}")
    return DONE


@app.command(name="replay")
def replay_dead_letters(
    *places: str, every: Annotated[bool, Parameter(name="--all", negative="")] = False, topic: Topic = None,
    cause: Cause = None, force: Flag = False, kafka: Kafka = None, as_json: Json = False,
) -> int:  # fmt: skip
    """Write dead letters to their source topic again, byte for byte, to be processed like new records.

    A request that was dead-lettered as `conflict` is left out: another one with the same id counts.

    Parameters
    ----------
    places
        Their ids as `list` shows them: TOPIC:PARTITION:OFFSET.
    every
        All of them, or those that --topic and --cause select.
    force
        Replay conflicting requests too. One that is older than two days becomes a second decision of its case.
    """
    try:
        if bool(places) == every:
            raise CommandFailed("name dead letters, or use --all (with --topic and --cause to select)", BAD_INPUT)
        chosen = [_place(place) for place in places]
        answers, left = _call(kafka, lambda settings: _replay(settings, chosen, topic, cause, force))
    except CommandFailed as failed:
        return report(failed)
    for place, problem in answers + [(each, CONFLICT) for each in left if as_json]:
        if as_json:
            print(_json({"id": str(place), "replayed": not problem, "problem": problem or None}))
        else:
            print(f"{place}: {problem or 'replayed'}", file=sys.stderr if problem else sys.stdout)
    if left and not as_json:
        print(f"not replayed: {len(left)} of cause conflict in {REQUESTS.name}: {CONFLICT}", file=sys.stderr)
    return FAILED if any(problem for _, problem in answers) or (places and left) else DONE


async def _collect(settings: KafkaSettings, topic: str | None, cause: str | None) -> list[Found]:
    if topic is not None and topic not in SOURCES:
        raise CommandFailed(f"--topic {topic} is not one of {', '.join(SOURCES)}", BAD_INPUT)
    found: AsyncIterator[Found] = read_all(settings, SOURCES if topic is None else (topic,))
    return [each async for each in found if cause is None or (each.dead_letter and each.dead_letter.cause == cause)]


async def _show(settings: KafkaSettings, place: Place, with_value: bool) -> dict[str, Any]:
    found = await read_one(settings, place)
    if found is None:
        raise CommandFailed(f"there is no dead letter at {place}", FAILED)
    about = _about(found)
    if found.dead_letter is None:
        return about
    record, problem = found.dead_letter.record, ""
    if with_value and found.dead_letter.by_reference:
        try:
            record = await read_original(settings, found)
        except NoOriginal as error:
            problem = str(error)
    about["headers"] = [name for name, _ in record.headers]
    if with_value:
        about |= _content(record)
    return about | {"problem": problem} if problem else about


async def _replay(
    settings: KafkaSettings, places: list[Place], topic: str | None, cause: str | None, force: bool
) -> tuple[list[tuple[Place, str]], list[Place]]:
    """Each dead letter that was to be replayed with its problem, or ""; and those that are left out."""
    answers: list[tuple[Place, str]] = []
    found = [] if places else await _collect(settings, topic, cause)
    for place in places:
        each = await read_one(settings, place)
        if each is None:
            answers.append((place, "there is no dead letter at this place"))
        else:
            found.append(each)
    left = [] if force else [each for each in found if _is_conflicting_request(each)]
    chosen = [each for each in found if force or not _is_conflicting_request(each)]
    answers += [(each.place, problem) async for each, problem in replay(settings, chosen)]
    return answers, [each.place for each in left]


def _is_conflicting_request(found: Found) -> bool:
    """Whether a request came under the id of another one; its dead letter outlives what the router knows of the id."""
    dead_letter = found.dead_letter
    return dead_letter is not None and (dead_letter.record.topic, dead_letter.cause) == (REQUESTS.name, "conflict")


def _about(found: Found) -> dict[str, Any]:
    about: dict[str, Any] = {"id": str(found.place)}
    dead_letter = found.dead_letter
    if dead_letter is None:
        return about | {"problem": found.problem}
    record = dead_letter.record
    return about | {
        "cause": dead_letter.cause,
        "message": dead_letter.message,
        "service": dead_letter.service,
        "at": format_instant(dead_letter.at),
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "bytes": None if record.value is None else len(record.value),
        "by_reference": dead_letter.by_reference,
    }


def _content(record: Record) -> dict[str, Any]:
    return {
        "key": _text(record.key),
        "headers": [[name, _text(value)] for name, value in record.headers],
        "value": _text(record.value),
    }


def _text(data: bytes | None) -> str | dict[str, str] | None:
    """UTF-8 as a string, other bytes as {"base64": "…"}."""
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _table(found: list[Found]) -> None:
    table = Table("id", "at", "service", "cause", "message", box=None, pad_edge=False)
    for each in found:
        found_one = each.dead_letter
        if found_one is None:
            table.add_row(str(each.place), "", "", "?", each.problem)
        else:
            about = (format_instant(found_one.at), found_one.service, found_one.cause, found_one.message)
            table.add_row(str(each.place), *about)
    Console(soft_wrap=True, highlight=False, markup=False).print(table)


def _place(text: str) -> Place:
    try:
        return Place.parse(text)
    except ValueError:
        raise CommandFailed(
            f"{text} is not the id of a dead letter; `list` shows ids, TOPIC:PARTITION:OFFSET", BAD_INPUT
        ) from None


def _call(kafka: str | None, action: Callable[[KafkaSettings], Coroutine[Any, Any, _Result]]) -> _Result:
    settings = kafka_settings(kafka)
    with kafka_errors(settings):
        return asyncio.run(action(settings))


def _json(data: object) -> str:
    return msgspec.json.encode(data).decode()
