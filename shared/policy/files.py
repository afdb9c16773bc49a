"""Reads policy files from disk; the other modules of the policy do no I/O."""

from collections.abc import Sequence
from os.path import normpath
from pathlib import Path

from shared.policy.assembly import MissingFile, Shelf
from shared.policy.document import Source
from shared.policy.editions import EditionLibrary
from shared.policy.loader import Checked, check, load
from shared.policy.mistakes import Mistake, NoSuchEdition, PolicyError, one_of
from shared.policy.model import Edition

# Next to the packages, in a checkout and in an installed wheel.
POLICIES = Path(__file__).resolve().parents[2] / "policies"
_SUFFIXES = (".yaml", ".yml")


def load_edition(name_or_path: str | Path, folder: Path | None = None) -> Edition:
    """The edition with this name (NAME.yaml in `folder` or else among the shipped editions), or in this file.

    An argument with a slash, or one that ends in .yaml or .yml, is a file. Raises PolicyError; NoSuchEdition, a kind of
    it, if there is no such file or folder.
    """
    return load(*_found(str(name_or_path), folder))


def check_edition(name_or_path: str | Path, folder: Path | None = None) -> Checked:
    """As `load_edition`, with the warnings."""
    return check(*_found(str(name_or_path), folder))


def _found(name: str, folder: Path | None) -> tuple[Source, Shelf, str | None]:
    """The file of an edition, the files that it may name, and its required name."""
    files = _Disk(folder)
    try:
        source = files.find(name)
    except MissingFile as error:
        raise NoSuchEdition([Mistake(name, None, "", str(error), error.allowed)]) from error
    return source, files, None if _is_file(name) else name


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
    """The names of the editions in `folder`, by default of those that ship, in alphabetical order.

    Raises NoSuchEdition if there is no such folder.
    """
    return _names(POLICIES if folder is None else _existing(folder))


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(path.stem for path in sorted(folder.glob("*.yaml")) if _is_edition(path))


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise NoSuchEdition([Mistake(str(folder), None, "", "is not a folder; it should be the folder of editions")])
    return folder


def _is_edition(path: Path) -> bool:
    """Whether the file is an edition: a part of one has no line that begins with `edition:`."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return path.is_file()  # an edition, as far as anybody knows; reading it says why it cannot be used
    return any(line.startswith("edition:") for line in text.splitlines())


class _Disk:
    """Editions of one's own folder, if any, and the shipped ones; parts are next to the file that names them.

    A name that is in both folders is the edition of one's own folder. In a shipped edition it is the shipped one, so
    that a shipped edition is always the same.
    """

    def __init__(self, folder: Path | None) -> None:
        self._own = None if folder is None or _existing(folder).samefile(POLICIES) else folder

    def edition(self, name: str, named_by: Source) -> Source:
        return self.find(name, Path(named_by.file))

    def part(self, name: str, named_by: Source) -> Source:
        return self._read(Path(named_by.file).parent / name)

    def holidays(self, name: str, beside: str) -> Source:
        return self._read(Path(beside).parent / name)

    def find(self, name: str, named_by: Path | None = None) -> Source:
        """The edition that the file `named_by`, or somebody in the current folder, calls `name`. Raises MissingFile."""
        beside = Path() if named_by is None else named_by.parent
        if _is_file(name):
            return self._read(beside / name)
        folders = [POLICIES] if self._own is None or beside.absolute() == POLICIES else [self._own, POLICIES]
        paths = [path for folder in folders if (path := folder / f"{name}.yaml").is_file()]
        if not paths:
            raise _no_edition(name, folders, beside)
        # No edition extends itself: in the file that hides a shipped edition, its name is the shipped one.
        is_itself = named_by is not None and paths[0].samefile(named_by)
        return self._read(paths[-1] if is_itself else paths[0])

    def _read(self, path: Path) -> Source:
        file = Path(normpath(path))  # one name for each file, so that a cycle is noticed
        try:
            return Source(shown_path(file), file.read_text(encoding="utf-8"), self._hidden_by(file))
        except UnicodeDecodeError as error:
            raise MissingFile(f"{shown_path(file)} is not UTF-8 text ({error.reason} at byte {error.start})") from error
        except OSError as error:
            raise MissingFile(f"{shown_path(file)} cannot be read: {error.strerror}") from error

    def _hidden_by(self, file: Path) -> str | None:
        """The name of the shipped edition that the file hides."""
        is_own = self._own is not None and file.absolute().parent == Path(normpath(self._own.absolute()))
        return file.stem if is_own and file.suffix == ".yaml" and file.stem in _names(POLICIES) else None


def _no_edition(name: str, folders: Sequence[Path], beside: Path) -> MissingFile:
    own = [shown_path(folder) for folder in folders if folder != POLICIES]
    where = f"{own[0]} or among the shipped editions" if own else shown_path(POLICIES)
    known = dict.fromkeys(each for folder in folders for each in _names(folder))
    path = next((path for suffix in _SUFFIXES if (path := beside / f"{name}{suffix}").is_file()), None)
    hint = "" if path is None else f"; for the file beside this one write {path.name}"
    return MissingFile(f"there is no edition {name!r} in {where}{hint}", one_of(known, name) or None)


def _is_file(name: str) -> bool:
    return "/" in name or "\\" in name or name.endswith(_SUFFIXES)


def shown_path(path: Path) -> str:
    """The path for messages: relative to the current folder if it is inside."""
    absolute = path.absolute()
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)
