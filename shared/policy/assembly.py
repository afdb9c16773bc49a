"""[pure] Combines several files into one document: an edition, the edition that it extends, and its parts.

The steps, in this order:

1. `extends: NAME or FILE` makes another edition, combined in the same way, the base.
2. `parts: [FILE, …]` adds whole sections from other files, so that editions can share long tables. A section is either
   in the file itself or in one of its parts.
3. The file with its parts is merged over the base (`merging.py`). `replace: [SECTION, …]` names the sections that
   replace those of the base as a whole.
"""

from typing import NamedTuple, Protocol

from shared.policy.document import Path, Place, Source, Tree, parse
from shared.policy.merging import merge
from shared.policy.mistakes import Mistake, PolicyError, PolicyFault, one_of
from shared.policy.sections import SECTIONS

_DIRECTIVES = ("extends", "parts", "replace")


class MissingFile(PolicyFault):
    """A file that another one names does not exist; `allowed` lists the existing ones."""

    def __init__(self, message: str, allowed: str | None = None) -> None:
        super().__init__(message)
        self.allowed = allowed


class Shelf(Protocol):
    """The port to policy files. Its methods raise MissingFile."""

    def edition(self, name: str, named_by: Source) -> Source:
        """The edition called `name` in `extends` of the file `named_by`."""
        ...

    def part(self, name: str, named_by: Source) -> Source:
        """The file called `name` in `parts` of the file `named_by`."""
        ...

    def holidays(self, name: str, beside: str) -> Source:
        """The file called `name` in `holiday_files` of the file `beside`."""
        ...


class EditionFile(NamedTuple):
    """The file of an edition, and the place of its name."""

    source: Source
    place: Place


class Assembled(NamedTuple):
    """The document of an edition, the mistakes so far, the document that it extends, and the file of each edition."""

    tree: Tree
    mistakes: list[Mistake]
    base: Tree | None
    files: tuple[EditionFile, ...]  # the edition's own first, then the one that it extends, and so on


def assemble(source: Source, shelf: Shelf) -> Assembled:
    """The document of `source`, before it is read as an edition. Raises PolicyError for what ends the reading."""
    assembled = _assembled(source, shelf, ())
    if assembled.base is not None:
        _by_country(assembled.base)  # in the same form; a mistake that the edition has not replaced is in its tree too
    return assembled._replace(mistakes=[*assembled.mistakes, *_by_country(assembled.tree)])


def _assembled(source: Source, shelf: Shelf, extended_by: tuple[str, ...]) -> Assembled:
    tree = parse(source)
    directives = _take_directives(tree)
    base = _base(tree, directives, source, shelf, extended_by)
    for part in _parts(directives, source, shelf):
        if taken := [
            part.mistake((section,), f"is given twice; {tree.place((section,)).file} has it too")
            for section in part.data
            if section in tree.data
        ]:
            raise PolicyError(taken)
        tree.data.update(part.data)
        tree.places.update({path: place for path, place in part.places.items() if path})
    replaced, mistakes = _replaced(directives, tree)
    file = EditionFile(source, tree.place(("edition",)))
    if base is None:
        return Assembled(tree, mistakes, None, (file,))
    merged = merge(base.tree, tree, replaced)
    return Assembled(merged, [*base.mistakes, *mistakes], base.tree, (file, *base.files))


def _take_directives(tree: Tree) -> Tree:
    """The fields that say how files are combined, which are taken out of `tree`, since they are no sections."""
    data = {name: tree.data.pop(name) for name in _DIRECTIVES if name in tree.data}
    places = {path: tree.places.pop(path) for path in list(tree.places) if path and path[0] in data}
    return Tree(data, {(): tree.place(()), **places})


def _base(tree: Tree, directives: Tree, source: Source, shelf: Shelf, extended_by: tuple[str, ...]) -> Assembled | None:
    if "extends" not in directives.data:
        return None
    name = directives.data["extends"]
    if not isinstance(name, str):
        raise PolicyError([directives.mistake(("extends",), "must be the name or the file of an edition")])
    if "edition" not in tree.data:
        raise PolicyError([tree.mistake(("edition",), "is missing; an edition that extends another has its own name")])
    try:
        base = shelf.edition(name, source)
    except MissingFile as error:
        raise PolicyError([directives.mistake(("extends",), str(error), error.allowed)]) from error
    if base.file in (*extended_by, source.file):
        chain = " -> ".join((*extended_by, source.file, base.file))
        raise PolicyError([directives.mistake(("extends",), f"is a cycle: {chain}")])
    return _assembled(base, shelf, (*extended_by, source.file))


def _parts(directives: Tree, source: Source, shelf: Shelf) -> list[Tree]:
    names = directives.data.get("parts", [])
    if not isinstance(names, list):
        raise PolicyError([directives.mistake(("parts",), "must be a list of files")])
    parts: list[Tree] = []
    mistakes: list[Mistake] = []
    for index, name in enumerate(names):
        try:
            if not isinstance(name, str):
                raise MissingFile("must be the name of a file")
            parts.append(parse(shelf.part(name, source)))
        except MissingFile as error:
            mistakes.append(directives.mistake(("parts", index), str(error), error.allowed))
        except PolicyError as error:
            mistakes += error.mistakes
    if mistakes:
        raise PolicyError(mistakes)
    return parts


def _replaced(directives: Tree, tree: Tree) -> tuple[set[str], list[Mistake]]:
    """The sections that replace those of the base, and the mistakes in their list."""
    if "replace" not in directives.data:
        return set(), []
    names, at = directives.data["replace"], ("replace",)
    if "extends" not in directives.data:
        return set(), [directives.mistake(at, "needs `extends`: without a base there is nothing to replace")]
    if not isinstance(names, list):
        return set(), [directives.mistake(at, "must be a list of sections, such as [targets]")]
    replaced: set[str] = set()
    mistakes: list[Mistake] = []
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in SECTIONS:
            shown = name if isinstance(name, str) else repr(name)
            mistakes.append(
                directives.mistake(("replace", index), f"{shown} is not a section of a policy", one_of(SECTIONS, shown))
            )
        elif name not in tree.data:
            mistakes.append(
                directives.mistake(
                    ("replace", index), f"names {name}, which this file does not have; write the section, or empty it"
                )
            )
        else:
            replaced.add(name)
    return replaced, mistakes


def _by_country(tree: Tree) -> list[Mistake]:
    """Convert `regions` in place: from calendar -> countries, as in files, to country -> calendar, as in the model."""
    hours = tree.data.get("regional_hours")
    regions = hours.get("regions") if isinstance(hours, dict) else None
    if not isinstance(hours, dict) or not isinstance(regions, dict):
        return []
    mistakes: list[Mistake] = []
    calendar_of: dict[str, str] = {}
    places: dict[Path, Place] = {}
    at: Path = ("regional_hours", "regions")
    for calendar, countries in regions.items():
        if not isinstance(countries, list) or not all(isinstance(country, str) for country in countries):
            mistakes.append(tree.mistake((*at, calendar), "must be a list of countries, such as [PT, IE]"))
            continue
        for index, country in enumerate(countries):
            if country in calendar_of:
                mistakes.append(tree.mistake((*at, calendar, index), f"{country} is in {calendar_of[country]} already"))
            calendar_of[country] = calendar
            places[*at, country] = tree.place((*at, calendar, index))._replace(path=(*at, country))
    tree.data["regional_hours"] = {**hours, "regions": calendar_of}
    for written in [path for path in tree.places if path[:2] == at and len(path) > 2]:
        del tree.places[written]
    tree.places.update(places)
    return mistakes
