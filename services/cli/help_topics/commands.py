"""`frontline help-topics`: check the topics that the bot answers from, and ask it a question."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter, Token
from rich.console import Console

from services.cli.edition_choice import library_of
from services.cli.help_topics.view import Checked, answer_as_data, check_as_data, show_answer, show_check
from services.cli.options import BAD_INPUT, AnyLanguage, CommandFailed, Lang, language_of, report
from shared.help_topics.files import SHIPPED, load_topics
from shared.help_topics.mistakes import HelpTopicsError, NoHelpTopics
from shared.help_topics.schema import schema as schema_of
from shared.help_topics.topics import Topics
from shared.kafka.settings import BadSettings
from shared.messages.catalogues import messages_in
from shared.policy.base import language_ranges
from shared.policy.mistakes import PolicyError

OK, CHECK_FAILED = 0, 1
_MOST = 10  # topics that are shown

app = App(name="help-topics", result_action="return_value")


def _folder(_: Any, tokens: Sequence[Token]) -> Path | None:
    """A folder; None for a blank one, as the variable of the environment may be."""
    value = tokens[0].value.strip()
    return Path(value) if value else None


TopicsFolder = Annotated[
    Path | None,
    Parameter(
        env_var="FRONTLINE_HELP_TOPICS",
        converter=_folder,
        help="The folder of a set of help topics. By default the shipped one.",
    ),
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="JSON for programs instead of text for people.")]


@app.command
def check(
    folder: TopicsFolder = None, /, *, policy: str | None = None, lang: Lang = None, as_json: Json = False
) -> int:
    """Check a set of help topics, and list every mistake with its file, line and field.

    Ends with 1 if there is a mistake, and with 2 if there is no set.

    Parameters
    ----------
    policy
        The edition whose channels a topic may name: a name or a file. By default those of FRONTLINE_POLICIES.
    lang
        The language of the verdict. Mistakes are in English.
    """
    try:
        channels = _channels(policy)
    except CommandFailed as failed:
        return report(failed)
    checked, missing = Checked(folder or SHIPPED), False
    try:
        topics = Topics(load_topics(folder, channels))
        checked = Checked(checked.folder, topics.set, topics.sha256)
    except HelpTopicsError as error:
        checked, missing = Checked(checked.folder, mistakes=error.mistakes), isinstance(error, NoHelpTopics)
    if as_json:
        _print_json(check_as_data(checked))
    else:
        show_check(checked, Console(), messages_in(lang or language_of(os.environ)))
    return BAD_INPUT if missing else CHECK_FAILED if checked.mistakes else OK


@app.command
def ask(
    question: str,
    *,
    topics: Annotated[TopicsFolder, Parameter(name="--topics")] = None,
    lang: AnyLanguage = None,
    limit: Annotated[int, Parameter(help=f"How many topics to show, at most {_MOST}.")] = 3,
    as_json: Json = False,
) -> int:
    """Ask a question as people ask the bot: show the topics that it finds, and the answer of the first.

    Ends with 1 if no topic answers it. Then the nearest ones are shown, which the bot does not name.

    Parameters
    ----------
    question
        The question, in quotes.
    lang
        The language of the question, one of the set. By default that of the environment.
    """
    language = lang or language_of(os.environ)
    messages = messages_in(language)
    try:
        asked = Topics(load_topics(topics))
    except HelpTopicsError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    known = {each.casefold() for each in asked.set.languages}
    if lang is not None and known.isdisjoint(language_ranges(lang)):
        found = messages("help_topics.no_language", language=lang, languages=list(asked.set.languages))
        print(found, file=sys.stderr)
        return BAD_INPUT
    if not 1 <= limit <= _MOST:
        print(messages("help_topics.limit", most=_MOST), file=sys.stderr)
        return BAD_INPUT
    hits = asked.find(question, language, limit)
    nearest = () if hits else asked.find(question, language, limit, threshold=0.0)
    if as_json:
        _print_json(answer_as_data(asked, hits, nearest))
    else:
        show_answer(hits, nearest, Console(), messages)
    return OK if hits else CHECK_FAILED


@app.command
def schema(kind: Literal["topic", "set"] = "topic", /) -> int:
    """Print the JSON Schema of a topic's file or of set.yaml, with which editors complete and check them."""
    _print_json(schema_of(kind))
    return OK


def _channels(policy: str | None) -> list[str]:
    try:
        editions = library_of(policy).editions
    except (PolicyError, BadSettings) as error:
        raise CommandFailed(str(error), BAD_INPUT) from error
    return list(dict.fromkeys(channel for edition in editions for channel in edition.channels))


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
