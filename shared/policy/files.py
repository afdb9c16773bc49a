"""Reads policy files from disk; the other modules of the policy do no I/O."""

from collections.abc import Sequence
from pathlib import Path

from shared.policy.assembly import MissingFile
from shared.policy.document import Source
from shared.policy.editions import EditionLibrary
from shared.policy.loader import load
from shared.policy.mistakes import Mistake, NoSuchEdition, PolicyError, one_of
from shared.policy.model import Edition

# Next to the packages, in a checkout and in an installed wheel.
POLICIES = Path(__file__).resolve().parents[2] / "policies"
_SUFFIXES = (".yaml", ".yml")


def load_edition(name_or_path: str | Path, folder: Path | None = None) -> Edition:
    """The edition with this name (NAME.yaml in `folder`, by default among the shipped editions), or in this file.

    An argument with a slash, or one that ends in .yaml or .yml, is a file. Raises PolicyError; NoSuchEdition, a kind of
    it, if there is no such file.
    """
    files = _Disk(folder or POLICIES)
    text = str(name_or_path)
    try:
        source = files.find(text, Path())
    except MissingFile as error:
        raise NoSuchEdition([Mistake(text, None, "", str(error), error.allowed)]) from error
    return load(source, files, None if _is_file(text) else text)


def load_library(names_or_paths: Sequence[str | Path], folder: Path | None = None) -> EditionLibrary:
    """The library of these editions. Raises PolicyError with the mistakes of all of them."""
    editions: list[Edition] = []
    mistakes: list[Mistake] = []
    for name in names_or_paths:
        try:
            editions.append(load_edition(name, folder))
        except PolicyError as error:
            mistakes += error.mistakes
    if mistakes:
        raise PolicyError(list(dict.fromkeys(mistakes)))  # editions that share a part share its mistakes
    return EditionLibrary(editions)


def edition_names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of the editions in `folder`, by default of those that ship, in alphabetical order."""
    return tuple(path.stem for path in sorted((folder or POLICIES).glob("*.yaml")) if _is_edition(path))


def _is_edition(path: Path) -> bool:
    """Whether the file is an edition: a part of one has no line that begins with `edition:`."""
    return any(line.startswith("edition:") for line in path.read_text(encoding="utf-8").splitlines())


class _Disk:
    """Editions in one folder; parts are next to the file that names them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def edition(self, name: str, named_by: Source) -> Source:
        return self.find(name, Path(named_by.file).parent)

    def part(self, name: str, named_by: Source) -> Source:
        return _read(Path(named_by.file).parent / name)

    def find(self, name: str, beside: Path) -> Source:
        if _is_file(name):
            return _read(beside / name)
        path = self._folder / f"{name}.yaml"
        if not path.is_file():
            known = edition_names(self._folder)
            raise MissingFile(f"there is no edition {name!r} in {_shown(self._folder)}", one_of(known, name) or None)
        return _read(path)


def _is_file(name: str) -> bool:
    return "/" in name or "\\" in name or name.endswith(_SUFFIXES)


def _read(path: Path) -> Source:
    try:
        return Source(_shown(path), path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise MissingFile(f"{_shown(path)} is not UTF-8 text ({error.reason} at byte {error.start})") from error
    except OSError as error:
        raise MissingFile(f"{_shown(path)} cannot be read: {error.strerror}") from error


def _shown(path: Path) -> str:
    """The path for messages: relative to the current folder if it is inside."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)
