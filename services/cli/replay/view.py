"""Shows the result of a replay: as a table for people, as JSON for programs."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.replay.replay import Difference, FieldDifference, ReplayResult, Tally

_KINDS = {
    "differing": ("differs", "yellow"),
    "missing": ("is missing", "red"),
    "unexpected": ("is not reproduced", "red"),
    "dead_letter": ("dead letter", "yellow"),
}
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("events published", "published"),
    ("events replayed", "replayed"),
    ("  identical", "identical"),
    ("  differing", "differing"),
    ("  missing in the log", "missing"),
    ("  not reproduced", "unexpected"),
    ("  that cannot be replayed", "not_replayable"),
    ("dead letters", "dead_letters"),
    ("  differing", "dead_letters_differing"),
    ("  that cannot be replayed", "dead_letters_not_replayable"),
    ("records not yet processed", "not_yet_processed"),
)


def as_data(result: ReplayResult) -> dict[str, Any]:
    """The result as `--json` prints it."""
    return {
        "identical": result.identical,
        "digest": result.digest,
        "published_digest": result.published_digest,
        "services": {tally.service: _counts(tally) for tally in result.tallies},
        "differences": [_difference(each) for each in result.differences],
        "more_differences": result.more_differences,
        "notes": list(result.notes),
    }


def show(result: ReplayResult, console: Console) -> None:
    """Print the counts, each difference and the digests."""
    table = Table("", *(tally.service for tally in result.tallies), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for title, name in _COLUMNS:
        table.add_row(title, *(f"{getattr(tally, name):,}" for tally in result.tallies))
    console.print(table)
    for note in result.notes:
        console.print(_text(f"note: {note}", "yellow"))
    for tally in result.tallies:
        for reason, count in sorted(tally.not_replayable_reasons.items()):
            console.print(_text(f"{tally.service}: {count} cannot be replayed: {reason}", "yellow"))
    for difference in result.differences:
        _show_difference(difference, console)
    if result.more_differences:
        console.print(_text(f"\nand {result.more_differences} more; --show N shows the first N", "dim"))
    console.print()
    for tally in result.tallies:
        console.print(_text(f"{tally.service}: SHA-256 of the replayed events   {tally.digest}"))
        console.print(_text(f"{'':{len(tally.service)}}  SHA-256 of the published events  {tally.published_digest}"))
    console.print(_verdict(result))


def _verdict(result: ReplayResult) -> Text:
    events = sum(tally.identical for tally in result.tallies)
    if not result.as_published:
        count = len(result.differences) + result.more_differences
        differ = f"{count} difference" + ("s" if count > 1 else "")
        return _text(f"{differ}; {events} events are identical", "bold red")
    if not result.complete:
        not_replayable = sum(tally.not_replayable + tally.dead_letters_not_replayable for tally in result.tallies)
        return _text(f"{events} events are identical; {not_replayable} cannot be replayed", "bold yellow")
    return _text(f"identical: {events} events, byte for byte", "bold green")


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "published": tally.published,
        "replayed": tally.replayed,
        "identical": tally.identical,
        "differing": tally.differing,
        "missing": tally.missing,
        "unexpected": tally.unexpected,
        "not_replayable": tally.not_replayable,
        "not_replayable_reasons": dict(sorted(tally.not_replayable_reasons.items())),
        "not_yet_processed": tally.not_yet_processed,
        "dead_letters": {
            "published": tally.dead_letters,
            "differing": tally.dead_letters_differing,
            "not_replayable": tally.dead_letters_not_replayable,
        },
        "digest": tally.digest,
        "published_digest": tally.published_digest,
    }


def _difference(difference: Difference) -> Mapping[str, Any]:
    return difference._asdict() | {"fields": [each._asdict() for each in difference.fields]}


def _show_difference(difference: Difference, console: Console) -> None:
    word, style = _KINDS[difference.kind]
    place = f" at {difference.place}" if difference.place else ""
    console.print()
    if difference.kind == "dead_letter":
        console.print(_text(f"{difference.service}, {difference.id}: {difference.reason}{place}", style))
        return
    console.print(_text(f"{difference.service}: {difference.type} {difference.id} {word}{place}", style))
    of_case = f"case {difference.case_id}: " if difference.case_id else ""
    console.print(_text(f"  {of_case}{difference.reason}"))
    _show_fields(difference.fields, console)


def _show_fields(fields: Iterable[FieldDifference], console: Console) -> None:
    for each in fields:
        console.print(_text(f"  {each.field}: published {_value(each.published)}, replayed {_value(each.replayed)}"))


def _value(value: Any) -> str:
    return {None: "null", True: "true", False: "false"}.get(value, str(value)) if not isinstance(value, str) else value


def _text(text: str, style: str = "") -> Text:
    """Replace control characters: text from a log must not control the terminal."""
    shown = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return Text(shown, style=style)
