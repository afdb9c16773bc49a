"""What the calls of operators ask for."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.board.operations.tables import Table


class TableQuery(BaseModel):
    """What `GET /v1/operations.csv` asks for."""

    model_config = ConfigDict(extra="forbid")

    table: Table = Field("lag", description="Of CSV: which table: `timers`, `unfired`, `lag`, `tasks`, `letters`.")
    show: Literal["pending", "all"] = Field("pending", description="Dead letters that were not replayed, or all.")


class StateQuery(TableQuery):
    """What `GET /v1/operations` asks for. `table` is what it answers as CSV."""

    after: str | None = Field(None, description="The `next` of a page of dead letters: those behind it.")


class ReplayQuery(BaseModel):
    """What a replay asks for."""

    model_config = ConfigDict(extra="forbid")

    replayed: int | None = Field(
        None, ge=0, lt=1_000_000, description="Insists: how often it was replayed, as far as the caller knows."
    )
