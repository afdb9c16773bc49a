"""`frontline policy`: check, show and compare editions of the policy, and migrate open cases to another one."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console
from rich.text import Text

from services.cli.options import BAD_INPUT, Lang
from services.cli.policy.diff import differences
from services.cli.policy.diff_view import lines
from services.cli.policy.show import tables
from shared.messages.catalogues import messages_in
from shared.policy.digest import edition_to_json, policy_sha256
from shared.policy.files import edition_names, load_edition
from shared.policy.mistakes import Mistake, NoSuchEdition, PolicyError
from shared.policy.model import Edition
from shared.policy.schema import edition_schema

OK, CHECK_FAILED = 0, 1

app = App(name="policy", result_action="return_value")

# Imported only when it is run, since it needs Kafka's client: where it is, and its line in `frontline policy --help`.
MIGRATE = (
    "services.cli.policy.migration.command:migrate",
    "Show what another edition would change for open cases; with --send, migrate them.",
)

Folder = Annotated[
    Path | None,
    Parameter(name="--policies", env_var="FRONTLINE_POLICY_DIR", help="The folder of editions that are given by name."),
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="JSON for programs instead of text for people.")]


@app.command
def check(*editions: str, policies: Folder = None, as_json: Json = False) -> int:
    """Check editions, and list every mistake with its file, line and field.

    Parameters
    ----------
    editions
        Names or files. By default every edition of the folder.
    """
    correct: list[dict[str, str]] = []
    mistakes: list[Mistake] = []
    missing = False
    for name in editions or edition_names(policies):
        try:
            edition = load_edition(name, policies)
            correct.append({"edition": edition.edition, "sha256": policy_sha256(edition)})
        except PolicyError as error:
            missing = missing or isinstance(error, NoSuchEdition)
            mistakes += error.mistakes
    mistakes = list(dict.fromkeys(mistakes))  # editions share parts, and so mistakes in them
    if as_json:
        _print_json({"editions": correct, "mistakes": [_as_data(mistake) for mistake in mistakes]})
    else:
        for each in correct:
            print(f"{each['edition']}: no mistakes, SHA-256 {each['sha256']}")
    _print_mistakes(mistakes)
    return BAD_INPUT if missing else CHECK_FAILED if mistakes else OK


@app.command
def show(edition: str = "guidelines-2021", *, lang: Lang = None, policies: Folder = None, as_json: Json = False) -> int:
    """Show an edition: who may ask where, what is promised, whom to call.

    Parameters
    ----------
    edition
        A name or a file.
    lang
        The language of texts and headings.
    """
    (loaded,) = _load([edition], policies)
    if loaded is None:
        return BAD_INPUT
    if as_json:
        _print_json({**json.loads(edition_to_json(loaded)), "policy_sha256": policy_sha256(loaded)})
        return OK
    console = Console()
    for piece in tables(loaded, messages_in(lang)):
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
    changes = differences(old, new)
    if as_json:
        _print_json({"before": _names(old), "after": _names(new), "changes": [change._asdict() for change in changes]})
        return OK
    console, messages = Console(soft_wrap=True), messages_in(lang)
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


app.command(MIGRATE[0], name="migrate", help=MIGRATE[1])


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


def _as_data(mistake: Mistake) -> dict[str, Any]:
    return {
        "file": mistake.file,
        "line": mistake.line,
        "field": mistake.field,
        "message": mistake.message,
        "allowed": mistake.allowed,
    }


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
