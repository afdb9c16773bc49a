"""No code knows a word of an edition: what a company calls its plans, channels or priorities is in its own file."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

from shared.contracts import vocabulary
from shared.policy.files import edition_names, load_edition
from shared.policy.model import Edition

ROOT = Path(__file__).parents[2]
SECTIONS = (
    *("tiers", "channels", "plans", "account_types", "roles", "fields", "priorities", "milestones", "addressees"),
    *("statuses", "calendars"),
)


class Literal(NamedTuple):
    """A text in the code that is a word of a shipped edition."""

    file: str
    line: int
    word: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.word!r}"


class Allowed(NamedTuple):
    """Files in which some of these words may stand, since there they are not a company's. No words: all of them."""

    files: str  # how their names begin
    words: frozenset[str]
    reason: str


def allowed(files: str, words: str, reason: str) -> Allowed:
    """The same, with words separated by spaces."""
    return Allowed(files, frozenset(words.split()), reason)


ALLOWED = (
    allowed("services/cli/demo/", "", "accounts and traffic of the demonstration, in the words of the shipped edition"),
    allowed("services/cli/demo_accounts.py", "", "the accounts of the demonstration"),
    allowed("shared/policy/", "access phone technical_account_manager", "names of sections and fields of the format"),
    allowed("shared/policy/promises.py", "self_service", "the reason why nothing is promised where nobody answers"),
    allowed("services/cli/policy/", "access technical_account_manager", "a section of the format; a right of a plan"),
    allowed("services/board/policy/", "access", "a section of the format"),
    allowed("services/intake/request_status.py", "technical_account_manager", "a right of a plan"),
    allowed("services/intake/request.py", "phone", "the part of a submission that says what a caller has at hand"),
    allowed("services/intake/examples.py", "phone", "the same part in an example"),
    allowed("services/intake/pages/form_page.py", "phone", "the same part"),
    allowed("services/intake/", "admin", "the scope of a key"),
    allowed("services/cli/development_key.py", "admin", "the scope of a key"),
    allowed("services/board/operations/pages.py", "admin", "the scope of a key"),
    allowed("shared/identity/scopes.py", "admin", "the scope of a key"),
    allowed("shared/web/edge.py", "other", "the label of a metric"),
    allowed("shared/policy/monotony.py", "other", "prose"),
    allowed("shared/", "none", "prose, and a value of other programs"),
)


def words_of(edition: Edition) -> set[str]:
    """Every word that the edition defines, but those that the code has of its own."""
    words = {word for section in SECTIONS for word in getattr(edition, section)}
    words |= {value for field in edition.fields.values() for value in field.values}
    own = {each for kind in vars(vocabulary).values() for each in get_args(kind) if isinstance(each, str)}
    return words - own


def texts_in(source: str) -> Iterator[tuple[int, str]]:
    """The text constants of a module, but for docstrings: line and text."""
    tree = ast.parse(source)
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.lineno, node.value


def found() -> list[Literal]:
    """Where the code has a word of a shipped edition."""
    words = {word for name in edition_names() for word in words_of(load_edition(name))}
    return [
        Literal(path.relative_to(ROOT).as_posix(), line, text)
        for path in sorted([*ROOT.glob("services/**/*.py"), *ROOT.glob("shared/**/*.py")])
        for line, text in texts_in(path.read_text(encoding="utf-8"))
        if text in words
    ]


def is_allowed(literal: Literal, rule: Allowed) -> bool:
    """Whether `rule` says that the text is not a company's word."""
    return literal.file.startswith(rule.files) and (not rule.words or literal.word in rule.words)


def test_no_code_has_a_word_of_a_shipped_edition() -> None:
    """A company with other words would be served wrongly, and nobody would know where."""
    offenders = [str(each) for each in found() if not any(is_allowed(each, rule) for rule in ALLOWED)]
    assert offenders == [], "\n" + "\n".join(offenders)


def test_whatever_is_allowed_is_there() -> None:
    """An exception that nothing needs would let in the next mistake."""
    there = found()
    unused = [rule for rule in ALLOWED if not any(is_allowed(each, rule) for each in there)]
    assert unused == []


def test_a_planted_word_is_found_and_a_docstring_is_not() -> None:
    """Else the tests above would show nothing."""
    source = 'def f(plan: str) -> bool:\n    """For premier alone."""\n    return plan == "premier"\n'
    assert list(texts_in(source)) == [(3, "premier")]
    assert {"premier", "tier1", "web_ticket", "P1", "first_response", "impact", "down"} <= words_of(
        load_edition("guidelines-2021")
    )
