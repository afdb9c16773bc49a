"""`frontline dead-letters`: lists, shows and replays records that could not be processed.

Only `show --value` prints content, since a customer may have written it.
"""

import asyncio
import base64
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from cyclopts import App, Parameter

from services.cli.dead_letters_view import lines_of
from services.cli.kafka_errors import kafka_errors
from services.cli.options import BAD_INPUT, CommandFailed, Flag, Kafka, kafka_settings, report
from shared.contracts.base import format_instant
from shared.contracts.topics import REQUESTS
from shared.kafka.dead_letter_log import SOURCES, Found, Place, read_all, read_some
from shared.kafka.dead_letter_replay import NoOriginal, read_original, replayer, why_left_out
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.wall_clock import utc_now

DONE, FAILED = 0, 1
CONFLICT = (
    "another request with the same id counts, and after two days the router would decide this one as well; "
    "--force replays it"
)
AGAIN = "--force writes it to its topic once more"

app = App(name="dead-letters")

Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON lines instead of text.")]
Topic = Annotated[str | None, Parameter(help=f"Only those of one source topic: {', '.join(SOURCES)}.")]
Cause = Annotated[str | None, Parameter(help="Only those with this cause, such as malformed_event.")]
_Result = TypeVar("_Result")


class Answer(NamedTuple):
    """What became of one dead letter that was to be replayed."""

    id: str
    problem: str = ""  # "" = it was replayed
    left_out: str = ""  # the reason why nothing was tried: "conflict", "replayed"


@app.command(name="list")
def list_dead_letters(
    *, topic: Topic = None, cause: Cause = None, pending: Flag = False, kafka: Kafka = None, as_json: Json = False
) -> int:
    """List dead letters with their causes and when they were replayed, without their content.

    The id of a dead letter is the place of its record: TOPIC:PARTITION:OFFSET. A record of another program in a
    dead-letter topic has its own place.

    Parameters
    ----------
    pending
        Only those that were not replayed.
    """
    try:
        found = _call(kafka, lambda settings: _collect(settings, topic, cause))
    except CommandFailed as failed:
        return report(failed)
    found = [each for each in found if not (pending and each.replays)]
    if as_json:
        for each in found:
            print(_json(_about(each)))
    else:
        print("\n".join(lines_of(found)) or "no dead letters")
    return DONE


@app.command
def show(place: str, *, value: Flag = False, kafka: Kafka = None, as_json: Json = False) -> int:
    """Show one dead letter: its source record, its cause, the names of its headers, and when it was replayed.

    Parameters
    ----------
    place
        Its id as `list` shows it: TOPIC:PARTITION:OFFSET of its record. Its own place in TOPIC-dlt does as well.
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

    Those that were replayed already are left out, and so is a request that was dead-lettered as `conflict`: another
    one with the same id counts.

    Parameters
    ----------
    places
        Their ids as `list` shows them: TOPIC:PARTITION:OFFSET.
    every
        All of them, or those that --topic and --cause select.
    force
        Replay also what was replayed already, and conflicting requests. A request that is older than two days becomes
        a second decision of its case.
    """
    try:
        if bool(places) == every:
            raise CommandFailed("name dead letters, or use --all (with --topic and --cause to select)", BAD_INPUT)
        chosen = [_place(place) for place in places]
        answers = _call(kafka, lambda settings: _replay(settings, chosen, topic, cause, force))
    except CommandFailed as failed:
        return report(failed)
    for answer in answers:
        if as_json:
            print(_json({"id": answer.id, "replayed": not answer.problem, "problem": answer.problem or None}))
        elif not answer.left_out or (places and answer.left_out != "conflict"):
            told = f"{answer.id}: {answer.problem or 'replayed'}"
            print(told, file=sys.stderr if answer.problem else sys.stdout)
    if not as_json:
        _tell_left_out(answers, named=bool(places))
    return FAILED if any(answer.problem and (places or not answer.left_out) for answer in answers) else DONE


def _tell_left_out(answers: Sequence[Answer], *, named: bool) -> None:
    conflicts = sum(answer.left_out == "conflict" for answer in answers)
    replayed = sum(answer.left_out == "replayed" for answer in answers)
    if conflicts:
        print(f"not replayed: {conflicts} of cause conflict in {REQUESTS.name}: {CONFLICT}", file=sys.stderr)
    if replayed and not named:
        print(f"not replayed: {replayed} that were replayed already; {AGAIN}", file=sys.stderr)


async def _collect(settings: KafkaSettings, topic: str | None, cause: str | None) -> list[Found]:
    if topic is not None and topic not in SOURCES:
        raise CommandFailed(f"--topic {topic} is not one of {', '.join(SOURCES)}", BAD_INPUT)
    found = await read_all(settings, SOURCES if topic is None else (topic,))
    return [each for each in found if cause is None or (each.dead_letter and each.dead_letter.cause == cause)]


async def _show(settings: KafkaSettings, place: Place, with_value: bool) -> dict[str, Any]:
    at_place = (await read_some(settings, [place]))[place]
    found, problem = _the_one(at_place)
    if found is None:
        raise CommandFailed(f"{place}: {problem}", FAILED)
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


def _the_one(found: Sequence[Found]) -> tuple[Found | None, str]:
    """The dead letter at a place, or the problem."""
    if len(found) == 1:
        return found[0], ""
    if not found:
        return None, "there is no dead letter with this id"
    return None, f"several dead letters have this id; name one of {', '.join(str(each.own) for each in found)}"


async def _replay(
    settings: KafkaSettings, places: list[Place], topic: str | None, cause: str | None, force: bool
) -> list[Answer]:
    """What became of each dead letter that was to be replayed."""
    answers: list[Answer] = []
    async with replayer(settings, utc_now) as replays:
        found = [] if places else await _collect(settings, topic, cause)
        for place, at_place in (await read_some(settings, places) if places else {}).items():
            one, problem = _the_one(at_place)
            if one is None:
                answers.append(Answer(str(place), problem))
            else:
                found.append(one)
        for each in found:
            if not force and (left_out := _left_out(each)):
                answers.append(left_out)
                continue
            try:
                await replays.replay(each)
            except NoOriginal as error:
                answers.append(Answer(str(each), str(error)))
            else:
                answers.append(Answer(str(each)))
    return answers


def _left_out(found: Found) -> Answer | None:
    why = why_left_out(found)
    if why == "replayed":
        last = found.replays[-1]
        return Answer(str(found), f"was replayed already at {format_instant(last.at)}, as {last.place}; {AGAIN}", why)
    return Answer(str(found), CONFLICT, why) if why else None


def _about(found: Found) -> dict[str, Any]:
    about: dict[str, Any] = {"id": str(found), "dead_letter": str(found.own)}
    replays = [{"at": format_instant(each.at), "as": each.place} for each in found.replays]
    dead_letter = found.dead_letter
    if dead_letter is None:
        return about | {"replayed": replays, "problem": found.problem}
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
        "replayed": replays,
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
