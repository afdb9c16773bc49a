"""Runs a module as a later version of Frontline would: with more words in its vocabulary.

`python -m tests.harness.grown_vocabulary MODULE Plan=first Impact=last …` puts the word `zz` before or behind the
others of each set, before anything else is imported, so every model, struct and table is made with it.
"""

import re
import runpy
import sys
from pathlib import Path
from types import ModuleType

import shared.contracts

NAME = "shared.contracts.vocabulary"
SOURCE = Path(shared.contracts.__path__[0]) / "vocabulary.py"
_SET = re.compile(r"^(\w+) = Literal\[(.*?)\]$", re.DOTALL | re.MULTILINE)


def sets_of_words() -> list[str]:
    """The names of all closed sets of words."""
    return [found[1] for found in _SET.finditer(SOURCE.read_text(encoding="utf-8"))]


def grown(source: str, where: dict[str, str]) -> str:
    """The module's text with one more word in each of these sets."""

    def more(found: re.Match[str]) -> str:
        name, words = found[1], found[2].strip().rstrip(",")
        place = where.get(name)
        words = f'"zz", {words}' if place == "first" else f'{words}, "zz"' if place else words
        return f"{name} = Literal[{words}]"

    return _SET.sub(more, source)


def install(where: dict[str, str]) -> None:
    """Make it the vocabulary of this process."""
    module = ModuleType(NAME)
    sys.modules[NAME] = module
    exec(compile(grown(SOURCE.read_text(encoding="utf-8"), where), str(SOURCE), "exec"), module.__dict__)  # noqa: S102 - our own module, changed
    shared.contracts.__dict__["vocabulary"] = module


if __name__ == "__main__":
    install(dict(argument.split("=") for argument in sys.argv[2:]))
    runpy.run_module(sys.argv[1], run_name="__main__")
