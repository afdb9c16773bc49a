"""How the calls of the board are described in its OpenAPI document, which `document.py` makes."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel

from shared.identity.scopes import Scope
from shared.web import openapi
from shared.web.openapi import Refused, query_parameters

_REFUSED = Refused(
    "Refused. Nothing was written",
    "Too many calls with this key, or of this address without a known one",
    "A defect of the board. Repeat the call",
    "The board is still reading the log, has no place for another stream, or Kafka does not answer",
)

CaseId = Annotated[str, Path(description="The id of the case, which is that of its request.")]
DeadLetterId = Annotated[str, Path(description="The `id` of a dead letter, or its place: topic, partition and offset.")]


def describe(
    scopes: Sequence[Scope],
    answer: type[BaseModel] | str,
    *,
    query: type[BaseModel] | None = None,
    or_text: str | None = None,
    always: bool = False,
) -> dict[str, Any]:
    """The arguments of a route's decorator: who may call, the answer, and the model of the parameters.

    `answer` is a model or a media type, `or_text` another media type that callers may ask for. `always`: it is also
    answered while the board reads the log.
    """
    return openapi.describe(
        ", ".join(scopes),
        200,
        answer,
        _REFUSED._replace(unavailable=None) if always else _REFUSED,
        or_text=or_text,
        parameters=() if query is None else query_parameters(query),
    )
