"""What the calls of operators ask for."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class StateQuery(BaseModel):
    """What `GET /v1/operations` asks for."""

    model_config = ConfigDict(extra="forbid")

    show: Literal["pending", "all"] = Field("pending", description="Dead letters that were not replayed, or all.")
    after: str | None = Field(None, description="The `next` of a page of dead letters: those behind it.")


class ReplayQuery(BaseModel):
    """What a replay asks for."""

    model_config = ConfigDict(extra="forbid")

    replayed: int | None = Field(
        None, ge=0, lt=1_000_000, description="Insists: how often it was replayed, as far as the caller knows."
    )
