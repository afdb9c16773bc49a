"""What the documents of the repository link to, and which commands they show."""

import re
import shlex
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import PurePosixPath
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.contract.tree import ROOT, tracked_files

DOCUMENTS = [name for name in tracked_files() if name.endswith(".md")]
# Of Kafka 4, in its folder `bin`, without those that start and stop its processes.
KAFKA_SCRIPTS = tuple(
    f"kafka-{name}.sh"
    for name in (
        *("acls", "broker-api-versions", "configs", "console-consumer", "console-producer", "consumer-groups"),
        *("delete-records", "get-offsets", "leader-election", "metadata-quorum", "reassign-partitions"),
        *("topics", "transactions"),
    )
)
_PARSER = MarkdownIt("commonmark").enable("table")
_IMAGE = re.compile(r"<img\b[^>]*?\bsrc=\"([^\"]+)\"")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_PROMPT = re.compile(r"(?:\$|-?\s*run:)\s+")
PROGRAMS = ("frontline", "make", "python")
OTHER_PROGRAMS = ("curl", "docker", *KAFKA_SCRIPTS)


class Command(NamedTuple):
    """A command that a document shows. `whole`: as it is to be typed, and not only mentioned in a sentence.

    `variables` are the assignments before it.
    """

    program: str
    arguments: tuple[str, ...]
    whole: bool
    variables: tuple[str, ...] = ()


def links(text: str) -> list[str]:
    """The targets of all links and pictures."""
    found = [str(token.attrs["href"]) for token in _inline(text) if token.type == "link_open"]
    found += [str(token.attrs["src"]) for token in _inline(text) if token.type == "image"]
    return found + [
        src for token in _tokens(text) if token.type.startswith("html") for src in _IMAGE.findall(token.content)
    ]


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    tokens = _PARSER.parse(text)
    seen: Counter[str] = Counter()
    found: set[str] = set()
    for opened, heading in pairwise(tokens):
        if opened.type == "heading_open":
            words = "".join(token.content for token in heading.children or ())
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return found


def target_of(document: str, link: str) -> tuple[str, str]:
    """The file that a relative link of `document` leads to, and the anchor in it ("" = none)."""
    path, _, anchor = link.partition("#")
    if not path:
        return document, anchor
    parts: list[str] = []
    for part in (PurePosixPath(document).parent / path).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
    return "/".join(parts), anchor


def read(document: str) -> str:
    """The text of a document."""
    return (ROOT / document).read_text(encoding="utf-8")


def commands(text: str, programs: Collection[str] = PROGRAMS) -> Iterator[Command]:
    """The commands of our programs, or of `programs`, in blocks and in sentences."""
    for token in _PARSER.parse(text):
        if token.type in ("fence", "code_block"):
            for line in _lines(token.content):
                yield from _commands_of(line, programs, whole=True)
    for token in _inline(text):
        if token.type == "code_inline":
            yield from _commands_of(token.content, programs, whole=False)


def _tokens(text: str) -> Iterator[Token]:
    for token in _PARSER.parse(text):
        yield token
        yield from token.children or ()


def _inline(text: str) -> Iterator[Token]:
    return (child for token in _PARSER.parse(text) for child in token.children or ())


def _lines(block: str) -> Iterator[str]:
    """The lines of a block; one that ends with a backslash or within quotes goes on with the next."""
    held = ""
    for line in block.splitlines():
        held = f"{held}\n{line}" if held else _PROMPT.sub("", line.strip(), count=1)
        if held.endswith("\\"):
            held = held[:-1]
        elif _words(held) is not None:
            yield held
            held = ""


def _words(line: str) -> list[str] | None:
    """The words of a line, operators of the shell apart; None if a quotation is open at its end."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.wordchars += "%:,@{}[]$+!^"
    try:
        return list(lexer)
    except ValueError:
        return None


def _commands_of(line: str, programs: Collection[str], *, whole: bool) -> Iterator[Command]:
    words: list[str] = []
    variables: list[str] = []
    for word in [*(_words(line) or ()), "|"]:
        if word and not set(word) <= set("|;&<>()"):
            words.append(word)
            continue
        while words and _ASSIGNMENT.fullmatch(words[0]):
            variables.append(words.pop(0))
        if words and (program := words[0].rpartition("/")[2]) in programs:
            yield Command(program, tuple(words[1:]), whole, tuple(variables))
        words, variables = [], []
        if word[:1] in "<>":
            break  # the name of a file follows
