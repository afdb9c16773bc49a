"""Options that commands have in common."""

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Parameter

from shared.messages.catalogues import FALLBACK, best, languages


def _there_is_a_catalogue(_: Any, language: str | None) -> None:
    if language is not None and language not in languages():
        raise ValueError(f"there is no catalogue of {language!r}; there are {', '.join(languages())}")


Lang = Annotated[str | None, Parameter(name=["--lang", "--language"], validator=_there_is_a_catalogue)]


def language_of(environment: Mapping[str, str]) -> str:
    """The language of people here, as POSIX has it: the first of LC_ALL, LC_MESSAGES and LANG that says anything."""
    found = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), FALLBACK)
    return best(found.partition(".")[0].replace("_", "-"))
