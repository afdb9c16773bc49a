"""The setting that names the help topics of a service or command."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from shared.help_topics.files import load_topics
from shared.help_topics.mistakes import HelpTopicsError
from shared.help_topics.model import TopicSet
from shared.settings import PREFIX, EnvironmentSettings, WrongSetting


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _folder(value: Path | None) -> Path | None:
    if value is not None and not value.is_dir():
        raise ValueError("is not a folder; it should be the folder of help topics")
    return value


TopicsFolder = Annotated[Path | None, BeforeValidator(_blank_is_none), AfterValidator(_folder)]


class HelpTopicsSettings(EnvironmentSettings):
    """FRONTLINE_HELP_TOPICS: the folder of a set of one's own, instead of the shipped one."""

    help_topics: TopicsFolder = None

    def topics(self, channels: Collection[str] | None = None) -> TopicSet:
        """The set of help topics; `channels` as of `load_topics`. Raises HelpTopicsError with all of its mistakes."""
        return load_topics(self.help_topics, channels)

    def wrong_documents(self) -> Iterator[WrongSetting]:
        """The mistakes of the set, one line each."""
        yield from super().wrong_documents()
        try:
            self.topics()
        except HelpTopicsError as error:
            lines = "\n".join(f"{PREFIX}HELP_TOPICS: {each}" for each in error.mistakes)
            yield WrongSetting(("help_topics",), lines)
