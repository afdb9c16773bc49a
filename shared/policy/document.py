"""[pure] Reads a policy file as data with the place of every field."""

from functools import lru_cache
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.policy.mistakes import Mistake, PolicyError

Path = tuple[str | int, ...]

_NULL, _BOOL, _INT, _FLOAT = (f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))


class Source(NamedTuple):
    """A policy file: its name in mistakes, its text, and the shipped edition of the same name that it hides, if any."""

    file: str
    text: str
    hides: str | None = None


class Place(NamedTuple):
    """Where a field was written: the file, the line (from 1), and its path in that file.

    The path in the document may be another one, since merging by id moves the items of a list.
    """

    file: str
    line: int
    path: Path


class Tree(NamedTuple):
    """Plain data, and the place of each of its fields and list items. The empty path is the document itself."""

    data: dict[str, Any]
    places: dict[Path, Place]

    def place(self, path: Path) -> Place:
        """The place of `path`. A path without one, such as a missing field, has the line of the field around it."""
        for end in range(len(path), -1, -1):
            if (place := self.places.get(path[:end])) is not None:
                return place._replace(path=(*place.path, *path[end:]))
        raise AssertionError("a tree without a place for its root")

    def mistake(self, path: Path, message: str, allowed: str | None = None) -> Mistake:
        """A mistake at `path`, which it names as it is written in its file."""
        place = self.place(path)
        return Mistake(place.file, place.line, field_name(place.path), message, allowed)


def field_name(path: Path) -> str:
    """A path in text form: access[2].tier."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def parse(source: Source, kind: str = "policy file") -> Tree:
    """The data of `source`: YAML 1.2, a mapping with text keys. Raises PolicyError (bad YAML, duplicate keys, …).

    `kind` says in the message about another form what the file should be.
    """
    try:
        root = _nodes(source.text)
    except MarkedYAMLError as error:
        raise PolicyError([_not_yaml(source.file, error)]) from error
    except YAMLError as error:  # characters that YAML does not allow
        raise PolicyError([Mistake(source.file, None, "", f"is not YAML: {error}")]) from error
    if not isinstance(root, MappingNode):
        raise PolicyError([Mistake(source.file, 1, "", f"is not a {kind}: it must hold fields and their values")])
    reader = _Reader(source.file)
    data = reader.read(root, (), frozenset())
    if reader.mistakes:
        raise PolicyError(reader.mistakes)
    return Tree(data, reader.places)


@lru_cache(maxsize=16)
def _nodes(text: str) -> Node | None:
    """The nodes of a YAML text, which nobody changes.

    Editions share most of their files, and this is two thirds of the time that reading one takes.
    """
    # pure: the C parser, where it happens to be installed, has other messages
    root: Node | None = YAML(typ="safe", pure=True).compose(text)
    return root


# What the parser says, and what to do about it: `{opened}` is the line with the bracket or quote that it was reading.
_REMEDIES = {
    "'\\t'": "indent with spaces, not with tabs",
    "expected <block end>": "indent it as the fields before it, or look for a quote or bracket too many or missing",
    "find expected ':'": "put a colon after the name of the field",
    "mapping values": "put quotes around a text with a colon, or indent the line as the one before",
    "found unexpected end of stream": "close the quote of line {opened}",
    "found unexpected document separator": "close the quote of line {opened}",
    "unknown escape character": "put a text with a backslash in single quotes",
    "undefined alias": "put quotes around a text that begins with *; an alias needs its anchor (&) before it",
    "expected ',' or": "close the bracket of line {opened}; put quotes around a text with , : # or brackets",
    "cannot start": "put quotes around a text that begins so",
    "expected alphabetic": "put quotes around a text that begins so",
}


def _not_yaml(file: str, error: MarkedYAMLError) -> Mistake:
    """What is wrong with a file that YAML cannot read, what to do, and in brackets the parser's own words."""
    problem, opened, found = error.problem or error.context, error.context_mark, error.problem_mark
    begins_there = any(part in (error.context or "") for part in ("simple key", "quoted"))
    mark = opened if opened and begins_there else found or opened
    remedy = next((text for part, text in _REMEDIES.items() if part in problem), None)
    line = mark.line + 1 if mark else None
    if remedy is not None:
        problem = f"{remedy.format(opened=opened.line + 1 if opened else line)} ({problem})"
    return Mistake(file, line, "", f"is not YAML: {problem}")


class _Reader:
    """Reads the nodes of one file, and collects places and mistakes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[Path, Place] = {(): Place(file, 1, ())}
        self.mistakes: list[Mistake] = []

    def read(self, node: Node, path: Path, inside: frozenset[int]) -> Any:
        """The data of `node`. `inside` has the nodes around it: an alias may point to one of them."""
        if id(node) in inside:
            self._wrong(node, path, "contains itself by way of an alias")
            return None
        inside |= {id(node)}
        if isinstance(node, MappingNode):
            return self._mapping(node, path, inside)
        if isinstance(node, SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                self._note((*path, index), item)
                items.append(self.read(item, (*path, index), inside))
            return items
        if isinstance(node, ScalarNode):
            return self._scalar(node, path)
        raise AssertionError(f"a YAML node of no known kind: {node!r}")

    def _mapping(self, node: MappingNode, path: Path, inside: frozenset[int]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._wrong(key, path, "has a field whose name is not text")
                continue
            name = str(key.value)
            if name in data:
                first = self.places[*path, name].line
                self._wrong(key, (*path, name), f"is given twice; the first is on line {first}")
                continue
            self._note((*path, name), key)
            data[name] = self.read(value, (*path, name), inside)
        return data

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        text = str(node.value)
        try:
            if node.tag == _NULL:
                return None
            if node.tag == _BOOL:
                return text.lower() == "true"
            if node.tag == _INT:
                return int(text.replace("_", ""), 0)
            if node.tag == _FLOAT:
                return float(text.replace("_", ""))
        except ValueError:
            self._wrong(node, path, f"{text[:40]!r} is not a valid number")
            return None
        return text  # text, dates and times: the model parses them

    def _note(self, path: Path, node: Node) -> None:
        self.places[path] = Place(self.file, node.start_mark.line + 1, path)

    def _wrong(self, node: Node, path: Path, message: str) -> None:
        self.mistakes.append(Mistake(self.file, node.start_mark.line + 1, field_name(path), message))
