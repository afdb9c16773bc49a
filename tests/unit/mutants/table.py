"""The mutants that bring back defects of other products: one TOML file for each product, in this folder."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Mutant:
    """In `file`, `mutated` in place of `sound` brings back a `defect` of `product`, and the test `fails`.

    `for_ever` = it fails because it does not come to an end.
    """

    product: str
    defect: str
    file: str
    sound: str
    mutated: str
    fails: str
    for_ever: bool = False

    @property
    def name(self) -> str:
        """What it is called in tests."""
        return f"{self.product}: {self.defect}"

    @property
    def module(self) -> str:
        """The module that it is a mutant of."""
        return self.file.removesuffix(".py").replace("/", ".")

    @property
    def source(self) -> str:
        """The module's text, mutated."""
        return (ROOT / self.file).read_text(encoding="utf-8").replace(self.sound, self.mutated)


MUTANTS = tuple(
    Mutant(product=path.stem, **each)
    for path in sorted(FOLDER.glob("*.toml"))
    for each in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]
)
