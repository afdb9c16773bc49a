"""[pure] Combines several files into one document: an edition, the edition that it extends, and its parts.

The steps, in this order:

1. `extends: NAME or FILE` makes another edition, combined in the same way, the base.
2. `parts: [FILE, …]` adds whole sections from other files, so that editions can share long tables. A section is either
   in the file itself or in one of its parts.
3. The file with its parts is merged over the base: mappings field by field; a list, a number or a text replaces that of
   the base. So an edition that changes one target lists all its targets.
"""

from typing import Any, Protocol

from shared.policy.document import Path, Place, Source, Tree, merge, parse
from shared.policy.mistakes import Mistake, PolicyError, PolicyFault


class MissingFile(PolicyFault):
    """A file that another one names does not exist; `allowed` lists the existing ones."""

    def __init__(self, message: str, allowed: str | None = None) -> None:
        super().__init__(message)
        self.allowed = allowed


class Shelf(Protocol):
    """The port to policy files. Both methods raise MissingFile."""

    def edition(self, name: str, named_by: Source) -> Source:
        """The edition called `name` in `extends` of the file `named_by`."""
        ...

    def part(self, name: str, named_by: Source) -> Source:
        """The file called `name` in `parts` of the file `named_by`."""
        ...


def assemble(source: Source, shelf: Shelf) -> tuple[Tree, list[Mistake]]:
    """The document of `source`, and its mistakes so far. Raises PolicyError for those that end the reading."""
    tree = _assembled(source, shelf, ())
    mistakes: list[Mistake] = []
    if isinstance(hours := tree.data.get("regional_hours"), dict) and isinstance(regions := hours.get("regions"), dict):
        mistakes = _by_country(tree, hours, regions)
    return tree, mistakes


def _assembled(source: Source, shelf: Shelf, extended_by: tuple[str, ...]) -> Tree:
    tree = parse(source)
    base = _base(tree, source, shelf, extended_by)
    for part in _parts(tree, source, shelf):
        if taken := [
            part.mistake((section,), f"is given twice; {tree.place((section,)).file} has it too")
            for section in part.data
            if section in tree.data
        ]:
            raise PolicyError(taken)
        tree.data.update(part.data)
        tree.places.update({path: place for path, place in part.places.items() if path})
    return tree if base is None else merge(base, tree)


def _base(tree: Tree, source: Source, shelf: Shelf, extended_by: tuple[str, ...]) -> Tree | None:
    if "extends" not in tree.data:
        return None
    name = tree.data.pop("extends")
    if not isinstance(name, str):
        raise PolicyError([tree.mistake(("extends",), "must be the name or the file of an edition")])
    if "edition" not in tree.data:
        raise PolicyError([tree.mistake(("edition",), "is missing; an edition that extends another has its own name")])
    try:
        base = shelf.edition(name, source)
    except MissingFile as error:
        raise PolicyError([tree.mistake(("extends",), str(error), error.allowed)]) from error
    if base.file in (*extended_by, source.file):
        chain = " -> ".join((*extended_by, source.file, base.file))
        raise PolicyError([tree.mistake(("extends",), f"is a cycle: {chain}")])
    return _assembled(base, shelf, (*extended_by, source.file))


def _parts(tree: Tree, source: Source, shelf: Shelf) -> list[Tree]:
    names = tree.data.pop("parts", [])
    if not isinstance(names, list):
        raise PolicyError([tree.mistake(("parts",), "must be a list of files")])
    parts: list[Tree] = []
    mistakes: list[Mistake] = []
    for index, name in enumerate(names):
        try:
            if not isinstance(name, str):
                raise MissingFile("must be the name of a file")
            parts.append(parse(shelf.part(name, source)))
        except MissingFile as error:
            mistakes.append(tree.mistake(("parts", index), str(error), error.allowed))
        except PolicyError as error:
            mistakes += error.mistakes
    if mistakes:
        raise PolicyError(mistakes)
    return parts


def _by_country(tree: Tree, hours: dict[str, Any], regions: dict[str, Any]) -> list[Mistake]:
    """Convert `regions` in place: from calendar -> countries, as in files, to country -> calendar, as in the model."""
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
            places[*at, country] = tree.place((*at, calendar, index))
    hours["regions"] = calendar_of
    for written in [path for path in tree.places if path[:2] == at and len(path) > 2]:
        del tree.places[written]
    tree.places.update(places)
    return mistakes
