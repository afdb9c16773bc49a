"""Options that commands have in common."""

from typing import Annotated

from cyclopts import Parameter

from shared.contracts.vocabulary import Language

Lang = Annotated[Language | None, Parameter(name=["--lang", "--language"])]
