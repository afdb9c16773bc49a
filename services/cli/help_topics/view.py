"""What `frontline help-topics` shows: the verdict on a set, and the answer to a question."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from services.cli.policy.fitted_table import FittedTable
from shared.help_topics.answer_text import plain_text
from shared.help_topics.model import TopicSet
from shared.help_topics.topics import THRESHOLD, Hit, Topics
from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.policy.mistakes import Mistake


class Checked(NamedTuple):
    """What was found in a folder: a set with its digest, or mistakes."""

    folder: Path
    topics: TopicSet | None = None
    sha256: str | None = None
    mistakes: tuple[Mistake, ...] = ()


def show_check(checked: Checked, console: Console, messages: Messages) -> None:
    """The verdict, then each mistake on a line."""
    if checked.topics is None:
        name, found = str(checked.folder), [Reason("policy.check.mistakes", count=len(checked.mistakes))]
    else:
        name = messages("help_topics.version", version=checked.topics.version)
        found = [
            Reason("help_topics.topics", count=len(checked.topics.topics)),
            Reason("help_topics.languages", languages=list(checked.topics.languages)),
            Reason("policy.check.no_mistakes"),
            Reason("policy.check.digest", sha256=checked.sha256),
        ]
    style = "red" if checked.mistakes else "green"
    verdict = messages("policy.check.verdict", edition=name, found=found)
    console.print(Text(verdict, style), soft_wrap=True, highlight=False)
    for mistake in checked.mistakes:
        console.print(Text(str(mistake)), soft_wrap=True, highlight=False)


def check_as_data(checked: Checked) -> dict[str, Any]:
    """The same for programs; a set with mistakes has neither version nor digest."""
    topics = checked.topics
    return {
        "folder": str(checked.folder),
        "version": topics and topics.version,
        "sha256": checked.sha256,
        "languages": list(topics.languages) if topics else [],
        "topics": list(topics.topics) if topics else [],
        "mistakes": [
            {
                "file": each.file,
                "line": each.line,
                "field": each.field,
                "message": each.message,
                "allowed": each.allowed,
            }
            for each in checked.mistakes
        ],
    }


def show_answer(hits: Sequence[Hit], nearest: Sequence[Hit], console: Console, messages: Messages) -> None:
    """The topics that were found and the answer of the first; or that there is none, and the nearest topics."""
    if not hits:
        console.print(Text(messages("help_topics.not_found"), "bold"), highlight=False)
    shown = hits or nearest
    if shown:
        title = "help_topics.found" if hits else "help_topics.nearest"
        headings = [messages("help_topics.score"), messages("help_topics.topic"), messages("help_topics.title")]
        table = FittedTable(messages(title, threshold=f"{THRESHOLD:.2f}"), headings, whole=(0, 1))
        for hit in shown:
            table.add(f"{hit.score:.2f}", hit.topic.topic, hit.text.title)
        console.print(table)
    if hits:
        first = hits[0]
        console.print(Text(first.text.title, "bold"))
        console.print(Padding(Text(plain_text(first.text.answer)), (1, 0, 0, 2)), highlight=False)
        if first.topic.see_also:
            console.print(Text("\n" + messages("help_topics.see_also", topics=list(first.topic.see_also)), "dim"))
        if first.topic.channels:
            console.print(Text("\n" + messages("help_topics.channels", channels=list(first.topic.channels)), "dim"))


def answer_as_data(topics: Topics, hits: Sequence[Hit], nearest: Sequence[Hit]) -> dict[str, Any]:
    """The same for programs. `nearest`: below the threshold, and given only if nothing was found."""
    return {
        "version": topics.set.version,
        "sha256": topics.sha256,
        "threshold": THRESHOLD,
        "hits": [_as_data(hit) | {"answer": hit.text.answer} for hit in hits],
        "nearest": [_as_data(hit) for hit in nearest],
    }


def _as_data(hit: Hit) -> dict[str, Any]:
    return {
        "topic": hit.topic.topic,
        "language": hit.language,
        "score": hit.score,
        "title": hit.text.title,
        "see_also": list(hit.topic.see_also),
        "channels": list(hit.topic.channels),
    }
