"""The outcome of a replay as people read it, and as programs do."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.replay.event_difference import FieldDifference
from services.replay.replay import Outcome
from services.replay.report import Difference, Tally

_KINDS = {
    "differing": ("differs", "yellow"),
    "missing": ("is missing", "red"),
    "unexpected": ("does not follow", "red"),
    "dead_letter": ("dead letter", "yellow"),
}
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("events published", "published"),
    ("events that follow from the log", "replayed"),
    ("  identical", "identical"),
    ("  differing", "differing"),
    ("  missing in the log", "missing"),
    ("  not following from the log", "unexpected"),
    ("  that cannot be replayed", "not_replayable"),
    ("records put aside", "put_aside"),
    ("  differing", "put_aside_differing"),
    ("  that cannot be replayed", "put_aside_not_replayable"),
    ("records not yet processed", "not_yet_processed"),
)


def as_data(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON has it."""
    return {
        "identical": outcome.as_published and outcome.complete,
        "digest": outcome.digest,
        "published_digest": outcome.published_digest,
        "services": {tally.service: _counts(tally) for tally in outcome.tallies},
        "differences": [_difference(each) for each in outcome.differences],
        "more_differences": outcome.more_differences,
        "notes": list(outcome.notes),
    }


def show(outcome: Outcome, console: Console) -> None:
    """Print the outcome: the numbers, each difference, the digests."""
    table = Table("", *(tally.service for tally in outcome.tallies), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for title, name in _COLUMNS:
        table.add_row(title, *(f"{getattr(tally, name):,}" for tally in outcome.tallies))
    console.print(table)
    for note in outcome.notes:
        console.print(_text(f"note: {note}", "yellow"))
    for tally in outcome.tallies:
        for because, count in sorted(tally.because.items()):
            console.print(_text(f"{tally.service}: {count} cannot be replayed, because {because}", "yellow"))
    for difference in outcome.differences:
        _show_difference(difference, console)
    if outcome.more_differences:
        console.print(_text(f"\nand {outcome.more_differences} more; --show N shows so many", "dim"))
    console.print()
    for tally in outcome.tallies:
        console.print(_text(f"{tally.service}: SHA-256 of what follows from the log  {tally.digest}"))
        console.print(_text(f"{'':{len(tally.service)}}             of what was published  {tally.published_digest}"))
    console.print(_verdict(outcome))


def _verdict(outcome: Outcome) -> Text:
    events = sum(tally.identical for tally in outcome.tallies)
    if not outcome.as_published:
        count = len(outcome.differences) + outcome.more_differences
        differ = f"{count} difference" + ("s" if count > 1 else "")
        return _text(f"{differ}; {events} events are identical", "bold red")
    if not outcome.complete:
        lost = sum(tally.not_replayable + tally.put_aside_not_replayable for tally in outcome.tallies)
        return _text(f"{events} events are identical; {lost} cannot be replayed", "bold yellow")
    return _text(f"identical: {events} events, bit by bit", "bold green")


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "published": tally.published,
        "replayed": tally.replayed,
        "identical": tally.identical,
        "differing": tally.differing,
        "missing": tally.missing,
        "unexpected": tally.unexpected,
        "not_replayable": tally.not_replayable,
        "not_replayable_because": dict(sorted(tally.because.items())),
        "not_yet_processed": tally.not_yet_processed,
        "dead_letters": {
            "put_aside": tally.put_aside,
            "differing": tally.put_aside_differing,
            "not_replayable": tally.put_aside_not_replayable,
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
        console.print(_text(f"{difference.service}, {difference.id}: {difference.because}{place}", style))
        return
    console.print(_text(f"{difference.service}: {difference.type} {difference.id} {word}{place}", style))
    of_case = f"case {difference.case_id}: " if difference.case_id else ""
    console.print(_text(f"  {of_case}{difference.because}"))
    _show_fields(difference.fields, console)


def _show_fields(fields: Iterable[FieldDifference], console: Console) -> None:
    for each in fields:
        console.print(_text(f"  {each.field}: published {_value(each.published)}, follows {_value(each.replayed)}"))


def _value(value: Any) -> str:
    return {None: "null", True: "true", False: "false"}.get(value, str(value)) if not isinstance(value, str) else value


def _text(text: str, style: str = "") -> Text:
    """What is in a log must not steer the terminal of whoever reads it."""
    shown = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return Text(shown, style=style)
