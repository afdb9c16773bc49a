"""The documents show what there is: every link leads somewhere, and every command can be typed as it stands there."""

import re
from importlib.util import find_spec

import pytest
from cyclopts import CycloptsError, MissingArgumentError

from services.cli.__main__ import app
from tests.browser.screenshots import OF_THE_DOCS
from tests.contract.documents import DOCUMENTS, Command, anchors, commands, links, read, target_of
from tests.contract.tree import ROOT, tracked_files

FILES = set(tracked_files())
FOLDERS = {name.rpartition("/")[0] for name in FILES}
TARGETS = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
VARIABLES = {"ARGS", "JOBS", "PYTHON"}
# What people read first, each with the words by which it says whom it is for.
READERS = {
    "docs/support-managers.md": "support promises",
    "docs/producers.md": "developers whose systems send",
    "docs/consumers.md": "writes a program that reads",
    "docs/operations.md": "runs Frontline",
    "CONTRIBUTING.md": "wants to change",
    "docs/architecture.md": "wants to know",
    "docs/comparison.md": "has to choose",
}


def mistake_of(command: Command) -> str:
    """What is wrong with a command; "" if it can be typed, or a sentence speaks of any NAME."""
    words = " ".join((command.program, *command.arguments))
    if not command.whole and any(re.search(r"(?:^|\.)[A-Z]+$", word) for word in command.arguments[:2]):
        return ""
    if command.program == "frontline":
        try:
            app.parse_args([*command.arguments], exit_on_error=False, print_error=False)
        except MissingArgumentError as error:
            return f"{words}: {error}" if command.whole else ""
        except CycloptsError as error:
            return f"{words}: {error}"
    if command.program == "make":
        names = [name for name in command.arguments if "=" not in name]
        variables = {name.partition("=")[0] for name in command.arguments if "=" in name}
        unknown = {*names} - TARGETS or variables - VARIABLES
        return f"{words}: make has no {', '.join(sorted(unknown))}" if unknown else ""
    if command.program == "python" and command.arguments[:1] == ("-m",):
        module = command.arguments[1]
        return "" if f"{module.replace('.', '/')}/__main__.py" in FILES or _found(module) else f"{words}: no {module}"
    return ""


def _found(module: str) -> bool:
    # That of the example is a program of its own, with its own folder of imports.
    if f"examples/{module}/{module}/__main__.py" in FILES:
        return True
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of its parent
        return False


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    """A page that is gone, or a heading that was reworded, is found here and not by a reader."""
    wrong = []
    for link in links(read(document)):
        if re.match(r"https?://|mailto:", link):
            if link.startswith("http://") and not re.match(r"http://(?:127\.0\.0\.1|localhost)\b", link):
                wrong.append(f"{link}: not https")
            continue
        name, anchor = target_of(document, link)
        if name not in FILES and name.rstrip("/") not in FOLDERS:
            wrong.append(f"{link}: there is no {name}")
        elif anchor and anchor not in anchors(read(name)):
            wrong.append(f"{link}: {name} has no heading of that anchor")
    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_can_be_typed_as_it_stands(document: str) -> None:
    """Options that were renamed, targets of make that are gone, modules that moved."""
    assert [mistake for command in commands(read(document)) if (mistake := mistake_of(command))] == []


def test_commands_are_found_where_documents_show_them() -> None:
    """Else the test above would find no mistake, whatever was written."""
    found = [command for document in DOCUMENTS for command in commands(read(document))]
    assert {command.program for command in found if command.whole} == {"frontline", "make", "python"}
    shown = {command.arguments[0] for command in found if command.program == "frontline" and command.arguments}
    assert shown >= {"up", "demo", "decide", "cases", "explain", "policy", "replay", "doctor", "dead-letters"}


def test_every_page_can_be_reached_from_the_readme() -> None:
    """A page that nothing leads to is read by nobody, and grows old."""
    reached, open_ends = {"README.md"}, ["README.md"]
    while open_ends:
        document = open_ends.pop()
        for link in links(read(document)):
            name, _ = target_of(document, link)
            if name in DOCUMENTS and name not in reached:
                reached.add(name)
                open_ends.append(name)
    assert {name for name in DOCUMENTS if name.startswith("docs/")} <= reached


def test_whoever_finds_a_weakness_is_led_from_the_readme_to_how_to_report_it() -> None:
    """In private: who finds no other way opens an issue that everybody reads."""
    assert "SECURITY.md" in [target_of("README.md", link)[0] for link in links(read("README.md"))]


def test_each_picture_is_one_that_is_taken_and_shown() -> None:
    """What `make screenshots` does not take grows old, and what no page shows is looked at by nobody."""
    there = {name for name in FILES if name.startswith("docs/images/")}
    taken = {f"docs/images/{page}-{width}-{theme}.png" for page, width, theme in OF_THE_DOCS}
    shown = {target_of(document, link)[0] for document in DOCUMENTS for link in links(read(document))}
    assert there == taken
    assert there <= shown


@pytest.mark.parametrize(("document", "words"), READERS.items())
def test_the_page_of_a_reader_begins_with_whom_it_is_for(document: str, words: str) -> None:
    """Who opens the wrong page sees it in the first lines, and the README leads to each of them."""
    beginning = " ".join(read(document).split()[:60])
    assert "This page is for" in beginning
    assert words in beginning
    assert document in [target_of("README.md", link)[0] for link in links(read("README.md"))]


def test_the_readme_is_short() -> None:
    """It is for whoever has five minutes."""
    assert len(read("README.md").splitlines()) <= 130


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("    frontline up --tset-clock", "--tset-clock"),
        ("    .venv/bin/frontline policy chek x.yaml  # a comment's apostrophe", "chek"),
        ("    echo '{}' | A=1 frontline decide --polcy x", "--polcy"),
        ("    $ frontline policy diff only-one", "requires an argument"),
        ("Run `make tests` then.", "no tests"),
        ("```sh\nmake run ARG=x\n```", "no ARG"),
        ("    python -m tests.nowhere.at_all", "no tests.nowhere"),
        ("Say `frontline explain --lats`.", "--lats"),
    ],
)
def test_each_kind_of_mistake_is_found(text: str, mistake: str) -> None:
    """The check itself works."""
    (found,) = [mistake_of(command) for command in commands(text)]
    assert mistake in found


def test_links_and_anchors_are_read_as_github_does() -> None:
    """Code is no link, pictures in HTML are some; punctuation is dropped, and a second heading of a name is counted."""
    text = '# The `--json` of A, B & C\n## Twice\n## Twice\n[a](x.md#y) `[b](c)` <img src="d.png" alt="">\n'
    assert sorted(links(text)) == ["d.png", "x.md#y"]
    assert anchors(text) == {"the---json-of-a-b--c", "twice", "twice-1"}
    assert target_of("docs/a.md", "../examples/paging#x") == ("examples/paging", "x")


def test_the_comparison_counts_what_is_there() -> None:
    """A number on that page is one that a test has counted."""
    (row,) = [line for line in read("tests/contract/peers/README.md").splitlines() if line.startswith("| Zammad |")]
    facts, differing = [cell.strip() for cell in row.split("|")][4:6]
    page = " ".join(read("docs/comparison.md").split())
    assert f"{facts} questions from Zammad's own tests" in page
    assert f"All but {differing} have the same answer" in page
    sources = sum("`data/" in line for line in read("tests/contract/peers/README.md").splitlines())
    assert sources == 10, "the page says nine other projects"
    assert "nine other projects" in page
