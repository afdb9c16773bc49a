"""Shows the result of a replay: as a table for people, as JSON for programs."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.printable import printable
from services.replay.replay import Difference, FieldDifference, ReplayResult, Tally
from shared.messages.messages import Messages
from shared.messages.reason import Reason

_STYLES = {"differing": "yellow", "missing": "red", "unexpected": "red", "dead_letter": "yellow"}  # by kind
_COLUMNS: tuple[tuple[str, str], ...] = (  # indentation of the title, and name of the count
    ("", "published"),
    ("", "replayed"),
    ("  ", "identical"),
    ("  ", "differing"),
    ("  ", "missing"),
    ("  ", "unexpected"),
    ("  ", "not_replayable"),
    ("", "dead_letters"),
    ("  ", "dead_letters_differing"),
    ("  ", "dead_letters_not_replayable"),
    ("", "not_yet_processed"),
)


def as_data(result: ReplayResult) -> dict[str, Any]:
    """The result as `--json` prints it: reasons are codes with facts, the same in every language."""
    return {
        "identical": result.identical,
        "digest": result.digest,
        "published_digest": result.published_digest,
        "services": {tally.service: _counts(tally) for tally in result.tallies},
        "differences": [_difference(each) for each in result.differences],
        "more_differences": result.more_differences,
        "notes": [note.as_data() for note in result.notes],
    }


def show(result: ReplayResult, console: Console, messages: Messages) -> None:
    """Print the counts, each difference and the digests."""
    table = Table("", *(tally.service for tally in result.tallies), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for indent, name in _COLUMNS:
        title = messages(f"replay.count.{name}")
        table.add_row(f"{indent}{title}", *(messages.count(getattr(tally, name)) for tally in result.tallies))
    console.print(table)
    for note in result.notes:
        console.print(_text(messages("explain.note", note=note), "yellow"))
    for tally in result.tallies:
        for reason, count in _sorted_reasons(tally):
            facts = {"service": tally.service, "count": count, "why": reason}
            console.print(_text(messages("replay.cannot_because", **facts), "yellow"))
    for difference in result.differences:
        _show_difference(difference, console, messages)
    if result.more_differences:
        console.print()
        console.print(_text(messages("replay.more", count=result.more_differences), "dim"))
    console.print()
    titles = [messages("replay.digest.replayed"), messages("replay.digest.published")]
    width = max(map(len, titles))
    for tally in result.tallies:
        for name, title, digest in zip(
            (f"{tally.service}:", ""), titles, (tally.digest, tally.published_digest), strict=True
        ):
            console.print(_text(f"{name:{len(tally.service) + 1}} {title:{width}}  {digest}"))
    console.print(_verdict(result, messages))


def _verdict(result: ReplayResult, messages: Messages) -> Text:
    events = sum(tally.identical for tally in result.tallies)
    identical = Reason("replay.identical_events", count=events)
    if not result.as_published:
        differences = Reason("replay.differences", count=len(result.differences) + result.more_differences)
        return _text(messages("replay.verdict", first=differences, second=identical), "bold red")
    if not result.complete:
        not_replayable = sum(tally.not_replayable + tally.dead_letters_not_replayable for tally in result.tallies)
        cannot = Reason("replay.cannot", count=not_replayable)
        return _text(messages("replay.verdict", first=identical, second=cannot), "bold yellow")
    return _text(messages("replay.identical", count=events), "bold green")


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "published": tally.published,
        "replayed": tally.replayed,
        "identical": tally.identical,
        "differing": tally.differing,
        "missing": tally.missing,
        "unexpected": tally.unexpected,
        "not_replayable": tally.not_replayable,
        "not_replayable_reasons": [reason.as_data() | {"count": count} for reason, count in _sorted_reasons(tally)],
        "not_yet_processed": tally.not_yet_processed,
        "dead_letters": {
            "published": tally.dead_letters,
            "differing": tally.dead_letters_differing,
            "not_replayable": tally.dead_letters_not_replayable,
        },
        "digest": tally.digest,
        "published_digest": tally.published_digest,
    }


def _sorted_reasons(tally: Tally) -> list[tuple[Reason, int]]:
    return sorted(tally.not_replayable_reasons.items(), key=lambda each: repr(each[0]))


def _difference(difference: Difference) -> Mapping[str, Any]:
    fields = [{name: _as_json(value) for name, value in each._asdict().items()} for each in difference.fields]
    return difference._asdict() | {"reason": difference.reason.as_data(), "fields": fields}


def _as_json(value: Any) -> Any:
    return value.as_data() if isinstance(value, Reason) else value


def _show_difference(difference: Difference, console: Console, messages: Messages) -> None:
    facts = {"service": difference.service, "type": difference.type, "id": difference.id, "why": difference.reason}
    line = messages(f"replay.difference.{difference.kind}", **facts)
    if difference.place:
        line = messages("replay.at_place", what=line, place=difference.place)
    console.print()
    console.print(_text(line, _STYLES[difference.kind]))
    if difference.kind == "dead_letter":
        return
    why = messages.reason(difference.reason)
    if difference.case_id:
        why = messages("replay.of_case", case=difference.case_id, why=why)
    console.print(_text(f"  {why}"))
    _show_fields(difference.fields, console, messages)


def _show_fields(fields: Iterable[FieldDifference], console: Console, messages: Messages) -> None:
    for each in fields:
        values = {"published": _value(each.published, messages), "replayed": _value(each.replayed, messages)}
        console.print(_text(f"  {messages('replay.field', field=each.field, **values)}"))


def _value(value: Any, messages: Messages) -> str:
    if isinstance(value, Reason):
        return messages.reason(value)
    return value if isinstance(value, str) else {None: "null", True: "true", False: "false"}.get(value, str(value))


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
