"""Reads the files of a set of help topics; the other modules of the package do no I/O."""

from collections.abc import Collection
from pathlib import Path

from shared.help_topics.loader import SET_NAME, load
from shared.help_topics.mistakes import HelpTopicsError, NoHelpTopics
from shared.help_topics.model import TopicSet
from shared.policy.document import Source
from shared.policy.files import shown_path
from shared.policy.mistakes import Mistake

# Next to the packages, in a checkout and in an installed wheel.
SHIPPED = Path(__file__).resolve().parents[2] / "help_topics"


def load_topics(folder: Path | None = None, channels: Collection[str] | None = None) -> TopicSet:
    """The set in `folder`, by default the one that ships. `channels`: those of the edition, if its words are checked.

    Raises HelpTopicsError with all mistakes; NoHelpTopics, a kind of it, if there is no such folder or set.
    """
    where = _existing(SHIPPED if folder is None else folder)
    sources, mistakes = _read(where)
    common = sources.pop(SET_NAME, None)
    if not sources and not mistakes:
        mistakes.append(Mistake(shown_path(where), None, "", "has no topics; each is a file of its own, ID.yaml"))
    try:
        found = None if common is None or not sources else load(common, sources, channels)
    except HelpTopicsError as error:
        mistakes += error.mistakes
        found = None
    if found is None or mistakes:
        raise HelpTopicsError(mistakes)
    return found


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise NoHelpTopics(
            [Mistake(shown_path(folder), None, "", "is not a folder; it should be the folder of help topics")]
        )
    if not (folder / f"{SET_NAME}.yaml").is_file():
        message = f"there is no {SET_NAME}.yaml, which names the version and the languages of the set"
        raise NoHelpTopics([Mistake(shown_path(folder), None, "", message)])
    return folder


def _read(folder: Path) -> tuple[dict[str, Source], list[Mistake]]:
    """The files that can be read, by their names without ending, and what is wrong with the others."""
    mistakes = [
        Mistake(shown_path(other), None, "", "is not read: its name must end in .yaml")
        for other in sorted(folder.glob("*.yml"))
    ]
    sources: dict[str, Source] = {}
    for each in sorted(folder.glob("*.yaml")):
        try:
            sources[each.stem] = Source(shown_path(each), each.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            message = f"is not UTF-8 text ({error.reason} at byte {error.start})"
            mistakes.append(Mistake(shown_path(each), None, "", message))
        except OSError as error:
            mistakes.append(Mistake(shown_path(each), None, "", f"cannot be read: {error.strerror}"))
    return sources, mistakes
