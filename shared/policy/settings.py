"""The settings that name the editions of a service or command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr
from pydantic_settings import NoDecode

from shared.policy.editions import EditionLibrary
from shared.policy.files import load_library
from shared.policy.mistakes import PolicyError
from shared.settings import PREFIX, EnvironmentSettings, WrongSetting


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _folder(value: Path | None) -> Path | None:
    if value is not None and not value.is_dir():
        raise ValueError("is not a folder; it should be the folder of editions")
    return value


PolicyNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]
PolicyFolder = Annotated[Path | None, BeforeValidator(_blank_is_none), AfterValidator(_folder)]


class PolicySettings(EnvironmentSettings):
    """FRONTLINE_POLICIES: names or files, separated by commas. With several, `effective_from` chooses.

    FRONTLINE_POLICY_DIR: a folder of one's own editions, beside the shipped ones.
    """

    policies: PolicyNames = ("guidelines-2021",)
    policy_dir: PolicyFolder = None
    _editions: EditionLibrary | None = PrivateAttr(None)

    def editions(self) -> EditionLibrary:
        """The library of these editions, read at the first call. Raises PolicyError with the mistakes of all."""
        if self._editions is None:
            self._editions = load_library(self.policies, self.policy_dir)
        return self._editions

    def wrong_documents(self) -> Iterator[WrongSetting]:
        """The mistakes of all editions, one line each."""
        yield from super().wrong_documents()
        try:
            self.editions()
        except PolicyError as error:
            lines = "\n".join(f"{PREFIX}POLICIES: {mistake}" for mistake in error.mistakes)
            yield WrongSetting(("policies", "policy_dir"), lines)
