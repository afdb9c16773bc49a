"""[pure] The form of an answer: paragraphs, numbered steps and links, and no markup else.

A blank line ends a paragraph. Lines that begin with `1. `, `2. `, … are steps. `[words](target)` is a link; a target is
an address (https://…, mailto:…, tel:…) or another topic (`topic:passcodes`). A plain https://… is a link as well.
Whoever shows an answer gets parts and escapes them; nothing in it is HTML.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINK = re.compile(r"\[([^\[\]]+)\]\(([^()\s]*)\)|(https://[^\s<>()]*[^\s<>().,;:!?'\"])")
_STEP = re.compile(r"(\d+)\. +")
_HTML = re.compile(r"</?[A-Za-z][^<>]*>|&(?:[a-z]+|#\d+);", re.IGNORECASE)
_ADDRESS = re.compile(r"https://[^\s/.]+\.[^\s]+|mailto:[^\s@]+@[^\s@]+|tel:\+?[\d.-]+")
_TOPIC = "topic:"


class Words(NamedTuple):
    """Plain text."""

    text: str


class Link(NamedTuple):
    """A link to an address: https:, mailto: or tel:."""

    text: str
    address: str


class TopicLink(NamedTuple):
    """A link to another topic of the set, by its id."""

    text: str
    topic: str


Part = Words | Link | TopicLink


class Paragraph(NamedTuple):
    """Text that is read in one go."""

    parts: tuple[Part, ...]


class Steps(NamedTuple):
    """What to do, one after the other, numbered from 1."""

    steps: tuple[tuple[Part, ...], ...]


Block = Paragraph | Steps


def blocks(answer: str) -> tuple[Block, ...]:
    """The paragraphs and lists of steps of an answer without mistakes."""
    found: list[Block] = []
    for lines in _paragraphs(answer):
        steps = [text for number, text in lines if number is not None]
        found.append(Steps(tuple(map(_parts, steps))) if steps else Paragraph(_parts(lines[0][1])))
    return tuple(found)


def plain_text(answer: str) -> str:
    """The answer as text alone, for a terminal or a transcript: an address is shown behind its words."""
    return "\n\n".join(_plain(block) for block in blocks(answer))


def linked_topics(answer: str) -> tuple[str, ...]:
    """The ids of the topics to which it links, in order."""
    parts = [part for lines in _paragraphs(answer) for _, text in lines for part in _parts(text)]
    return tuple(dict.fromkeys(part.topic for part in parts if isinstance(part, TopicLink)))


def mistakes_of(answer: str) -> Iterator[str]:
    """What cannot be shown, one sentence each; whether linked topics exist is not asked here."""
    if tag := _HTML.search(answer):
        yield f"has {tag[0]!r}, which would be shown as it is; write plain text, without HTML"
    for lines in _paragraphs(answer):
        numbers = [number for number, _ in lines if number is not None]
        if numbers and lines[0][0] is None:
            yield f"has step {numbers[0]} right below a line of text; put a blank line between them"
        elif numbers != list(range(1, len(numbers) + 1)):
            yield f"numbers its steps {', '.join(map(str, numbers))}; number them 1, 2, 3, … without a gap"
    for words, target, _ in _LINK.findall(answer):
        if words and not target.startswith(_TOPIC) and not _ADDRESS.fullmatch(target):
            yield f"links to {target!r}; a link goes to https://…, mailto:…, tel:… or topic:ID"


def _paragraphs(answer: str) -> Iterator[list[tuple[int | None, str]]]:
    """Of each paragraph its numbered steps, or its text without a number; broken lines are joined."""
    for block in re.split(r"\n[ \t]*\n", answer.strip()):
        lines: list[tuple[int | None, str]] = []
        for line in filter(None, map(str.strip, block.splitlines())):
            if step := _STEP.match(line):
                lines.append((int(step[1]), line[step.end() :]))
            elif lines:
                number, before = lines[-1]
                lines[-1] = (number, f"{before} {line}")
            else:
                lines.append((None, line))
        if lines:
            yield lines


def _parts(text: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    end = 0
    for link in _LINK.finditer(text):
        if link.start() > end:
            parts.append(Words(text[end : link.start()]))
        words, target, plain = link.groups()
        if plain is not None:
            parts.append(Link(plain, plain))
        elif target.startswith(_TOPIC):
            parts.append(TopicLink(words, target.removeprefix(_TOPIC)))
        else:
            parts.append(Link(words, target))
        end = link.end()
    if end < len(text):
        parts.append(Words(text[end:]))
    return tuple(parts)


def _plain(block: Block) -> str:
    if isinstance(block, Paragraph):
        return "".join(map(_plain_part, block.parts))
    return "\n".join(f"{number}. {''.join(map(_plain_part, step))}" for number, step in enumerate(block.steps, 1))


def _plain_part(part: Part) -> str:
    if isinstance(part, Link) and part.address != part.text:
        return f"{part.text} ({part.address})"
    return part.text
