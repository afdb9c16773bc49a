"""Settings: read from the environment once, in `__main__`; all that is wrong with them is found in one run."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "FRONTLINE_"


class BadSettings(Exception):
    """One or more variables of the environment are wrong; the message has one line for each."""


@dataclass(frozen=True, slots=True)
class WrongSetting:
    """One line about settings that no field by itself shows to be wrong.

    `fields` are those that it depends on: if one of them is wrong by itself, this says nothing new.
    """

    fields: Collection[str]
    line: str


class EnvironmentSettings(BaseSettings):
    """Root of all settings: each field is the variable `FRONTLINE_<FIELD>`.

    A subclass that overrides a method begins with that of `super()`, so that a service with several kinds of settings
    has all of their checks.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    def contradictions(self) -> Iterator[WrongSetting]:
        """What is wrong with several settings together, or with a file that a library opens later."""
        yield from ()

    def wrong_documents(self) -> Iterator[WrongSetting]:
        """What is wrong in the documents that settings name, such as editions. A service reads them at its start."""
        yield from ()


_Settings = TypeVar("_Settings", bound=EnvironmentSettings)


def load(kind: type[_Settings], **given: Any) -> _Settings:
    """Read settings from the environment; `given` values win. Raises BadSettings, which never quotes a secret."""
    return _load(kind, given, documents=False)


def load_with_documents(kind: type[_Settings]) -> _Settings:
    """The same for a service: also reads the documents that its settings name, to find every mistake at once."""
    return _load(kind, {}, documents=True)


def _load(kind: type[_Settings], given: dict[str, Any], *, documents: bool) -> _Settings:
    lines: list[str] = []
    wrong: set[str] = set()
    try:
        settings = kind(**given)
    except ValidationError as error:
        details = error.errors(include_url=False)
        lines += [_line(kind, detail) for detail in details]
        wrong |= {str(detail["loc"][0]) for detail in details}
        # The other settings are checked beside the defaults of those that are wrong.
        settings = kind(**given | {name: kind.model_fields[name].get_default() for name in wrong})
    lines += _new_lines(settings.contradictions(), wrong)
    if documents:
        lines += _new_lines(settings.wrong_documents(), wrong)
    if lines:
        raise BadSettings("\n".join(lines))
    return settings


def _new_lines(found: Iterable[WrongSetting], wrong: set[str]) -> list[str]:
    """The lines that say something beyond what is known to be `wrong`, which grows by their settings."""
    new = [each for each in found if wrong.isdisjoint(each.fields)]
    wrong.update(name for each in new for name in each.fields)
    return [each.line for each in new]


def _line(kind: type[EnvironmentSettings], detail: Any) -> str:
    name, message = str(detail["loc"][0]), detail["msg"].removeprefix("Value error, ")
    secret = "Secret" in str(kind.model_fields[name].annotation)
    value = "***" if secret else repr(detail["input"])
    return f"{PREFIX}{name.upper()}={value}: {message}"
