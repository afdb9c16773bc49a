"""The result of `frontline policy check`: the verdict on each edition, then each mistake, then each warning.

For people, a finding is one line, `file:line: field: …`, which editors and terminals turn into a link. On a terminal,
long lines are broken between words. The sentences of mistakes are in English, all others in the catalogue's language.
"""

from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.policy.mistakes import Mistake, PolicyWarning


class Verdict(NamedTuple):
    """What was found in one edition. One with mistakes has no digest, and the name that was asked for."""

    edition: str
    sha256: str | None
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[PolicyWarning, ...] = ()
    missing: bool = False  # the only mistake is that there is no such edition


class Findings(NamedTuple):
    """The findings of several editions, each once: editions share files."""

    mistakes: tuple[Mistake, ...]
    warnings: tuple[PolicyWarning, ...]


def findings(verdicts: Iterable[Verdict]) -> Findings:
    """The findings of all `verdicts`."""
    known = list(verdicts)
    return Findings(
        tuple(dict.fromkeys(mistake for verdict in known for mistake in verdict.mistakes)),
        tuple(dict.fromkeys(warning for verdict in known for warning in verdict.warnings)),
    )


def show(verdicts: Iterable[Verdict], console: Console, messages: Messages, *, strict: bool) -> None:
    """Print them for people. With `strict`, warnings have the colour of mistakes."""
    known = list(verdicts)
    doubtful = "red" if strict else "yellow"
    for verdict in known:
        style = "red" if verdict.mistakes else doubtful if verdict.warnings else "green"
        _print(console, Text(_sentence(verdict, messages), style=style))
    mistakes, warnings = findings(known)
    if mistakes or warnings:
        console.print()
    for mistake in mistakes:
        _print(console, _located(mistake, str(mistake), "red"))
    for warning in warnings:
        _print(console, _located(warning, warning.text(messages), doubtful))


def as_data(verdicts: Iterable[Verdict], messages: Messages) -> dict[str, Any]:
    """The same for programs; `editions` has those that can be used."""
    known = list(verdicts)
    mistakes, warnings = findings(known)
    return {
        "editions": [
            {"edition": verdict.edition, "sha256": verdict.sha256} for verdict in known if verdict.sha256 is not None
        ],
        "mistakes": [
            {**_place(mistake), "message": mistake.message, "allowed": mistake.allowed} for mistake in mistakes
        ],
        "warnings": [
            {**_place(warning), "message": messages.reason(warning.reason), **warning.reason.as_data()}
            for warning in warnings
        ],
    }


def _place(finding: Mistake | PolicyWarning) -> Mapping[str, Any]:
    return {"file": finding.file, "line": finding.line, "field": finding.field}


def _sentence(verdict: Verdict, messages: Messages) -> str:
    if verdict.missing:
        found = [Reason("policy.check.missing")]
    elif verdict.mistakes:
        found = [Reason("policy.check.mistakes", count=len(verdict.mistakes))]
    else:
        found = [Reason("policy.check.no_mistakes")]
    if verdict.warnings:
        found.append(Reason("policy.check.warnings", count=len(verdict.warnings)))
    if verdict.sha256 is not None:
        found.append(Reason("policy.check.digest", sha256=verdict.sha256))
    return messages("policy.check.verdict", edition=verdict.edition, found=found)


def _located(finding: Mistake | PolicyWarning, line: str, style: str) -> Text:
    """The line of a finding, with its place in colour."""
    text = Text(line)
    text.stylize(style, 0, len(finding.file) + (0 if finding.line is None else len(f":{finding.line}")))
    return text


def _print(console: Console, text: Text) -> None:
    """One line; on a terminal broken between words, with the further lines indented."""
    if console.is_terminal:
        lines = wrap(
            text.plain, console.width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        )
        text = Text("\n".join(lines), text.style, spans=text.spans)  # the first word has the only span
    console.print(text, soft_wrap=True, highlight=False)
