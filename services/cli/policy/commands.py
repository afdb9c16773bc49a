"""`frontline policy`: check, show, compare and try editions of the policy, and migrate open cases to another one."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.text import Text

from services.cli.options import BAD_INPUT, AnyLanguage, Folder, Lang
from services.cli.policy.check_view import Verdict, as_data, findings
from services.cli.policy.check_view import show as show_check
from services.cli.policy.diff import differences
from services.cli.policy.diff_view import lines
from services.cli.policy.show import tables
from services.cli.policy.shown_language import language_note, language_problem
from shared.messages.catalogues import messages_in
from shared.policy.digest import edition_to_json, policy_sha256
from shared.policy.files import check_edition, edition_names, load_edition
from shared.policy.mistakes import Mistake, NoSuchEdition, PolicyError
from shared.policy.model import Edition
from shared.policy.schema import edition_schema

OK, CHECK_FAILED = 0, 1

app = App(name="policy", result_action="return_value")

# Imported only when they are run, since they need Kafka's client: where each is, and its line in the list.
NEED_KAFKA = {
    "migrate": (
        "services.cli.policy.migration.command:migrate",
        "Show what another edition would change for open cases; with --send, migrate them.",
    ),
    "backtest": (
        "services.cli.policy.backtest.command:backtest",
        "Show what another edition would have changed for recorded traffic.",
    ),
}

Json = Annotated[bool, Parameter(name="--json", negative="", help="JSON for programs instead of text for people.")]


@app.command
def check(
    *editions: str,
    strict: Annotated[bool, Parameter(negative="")] = False,
    lang: Lang = None,
    policies: Folder = None,
    as_json: Json = False,
) -> int:
    """Check editions, and list every mistake and every warning with its file, line and field.

    A mistake stops an edition. A warning does not: it names what the edition may say and what is probably not meant.

    Parameters
    ----------
    editions
        Names or files. By default every edition of the folder.
    strict
        End with 1 if there is a warning, too.
    lang
        The language of the verdicts and warnings. Mistakes are in English.
    """
    messages = messages_in(lang)
    names = editions or edition_names(policies)
    if not names:
        print(messages("policy.check.no_editions", folder=str(policies)), file=sys.stderr)
        return BAD_INPUT
    verdicts: list[Verdict] = []
    for name in names:
        try:
            edition, warnings = check_edition(name, policies)
            verdicts.append(Verdict(edition.edition, policy_sha256(edition), warnings=warnings))
        except PolicyError as error:
            verdicts.append(Verdict(name, None, error.mistakes, error.warnings, isinstance(error, NoSuchEdition)))
    if as_json:
        _print_json(as_data(verdicts, messages))
    else:
        show_check(verdicts, Console(), messages, strict=strict)
    mistakes, warnings = findings(verdicts)
    missing = any(verdict.missing for verdict in verdicts)
    return BAD_INPUT if missing else CHECK_FAILED if mistakes or (strict and warnings) else OK


@app.command
def show(
    edition: str = "guidelines-2021", *, lang: AnyLanguage = None, policies: Folder = None, as_json: Json = False
) -> int:
    """Show an edition: who may ask where, what is promised, whom to call.

    Parameters
    ----------
    edition
        A name or a file.
    lang
        The language of texts and headings: one of the edition or of a catalogue.
    """
    (loaded,) = _load([edition], policies)
    if loaded is None:
        return BAD_INPUT
    if as_json:
        _print_json({**json.loads(edition_to_json(loaded)), "policy_sha256": policy_sha256(loaded)})
        return OK
    console, messages = Console(), messages_in(lang)
    if problem := language_problem(loaded, lang):
        print(problem, file=sys.stderr)
        return BAD_INPUT
    if note := language_note(loaded, messages, lang):
        print(note, file=sys.stderr)
    for piece in tables(loaded, messages, lang):
        console.print(piece, highlight=False)
    return OK


@app.command
def diff(before: str, after: str, *, lang: Lang = None, policies: Folder = None, as_json: Json = False) -> int:
    """Show whose answers change from one edition to another, and which fields of the document do.

    Parameters
    ----------
    before
        A name or a file.
    after
        A name or a file.
    lang
        The language of the output. Words of the editions, such as plans and channels, stay as they are.
    """
    old, new = _load([before, after], policies)
    if old is None or new is None:
        return BAD_INPUT
    if as_json:
        changes = differences(old, new, lang)
        _print_json({"before": _names(old), "after": _names(new), "changes": [change._asdict() for change in changes]})
        return OK
    console, messages = Console(soft_wrap=True), messages_in(lang)
    changes = differences(old, new, lang or messages.language)
    console.print(Text(f"{old.edition} -> {new.edition}", style="bold"))
    for line in lines(changes, messages):
        console.print(line)
    if not changes:
        same = policy_sha256(old) == policy_sha256(new)
        console.print(Text(messages("diff.same" if same else "diff.order")))
    return OK


@app.command
def schema() -> int:
    """Print the JSON Schema of policy files (edition.schema.json), with which editors complete and check them."""
    _print_json(edition_schema())
    return OK


for _name, (_where, _line) in NEED_KAFKA.items():
    app.command(_where, name=_name, help=_line)


def _names(edition: Edition) -> dict[str, str]:
    return {"edition": edition.edition, "sha256": policy_sha256(edition)}


def _load(names: Iterable[str], policies: Path | None) -> list[Edition | None]:
    """The editions; None for one with mistakes, which are printed on standard error."""
    loaded: list[Edition | None] = []
    for name in names:
        try:
            loaded.append(load_edition(name, policies))
        except PolicyError as error:
            _print_mistakes(error.mistakes)
            loaded.append(None)
    return loaded


def _print_mistakes(mistakes: Iterable[Mistake]) -> None:
    for mistake in mistakes:
        print(mistake, file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
