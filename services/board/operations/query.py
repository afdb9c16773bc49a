"""What the calls of operators ask for."""

from typing import Literal, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.web.errors import InvalidFields, field_errors

_T = TypeVar("_T", bound=BaseModel)


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


def read_query(model: type[_T], request: Request) -> _T:
    """The parameters of a call. Raises InvalidFields, with every wrong one."""
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise InvalidFields(field_errors(error)) from None
