"""Examples of what the board refuses: the real ones, by names of their own, and which call may meet which."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from services.board.api import CaseQuery
from services.board.errors import NotReplayed, ReplayUnknown
from services.board.leads.query import BreachQuery, ReportQuery
from services.board.operations.query import ReplayQuery, StateQuery
from shared.identity.scopes import DESK_SCOPES
from shared.web.errors import (
    CatchingUp,
    FieldError,
    InternalError,
    InvalidFields,
    MissingScope,
    NotFound,
    RateLimited,
    Refusal,
    TooManyStreams,
    Unauthenticated,
    field_errors,
)

_WRONG: Mapping[str, tuple[type[BaseModel], Mapping[str, Any]]] = {  # by the path of the call: wrong parameters
    "/v1/cases": (CaseQuery, {"state": ["late"], "limit": "0"}),
    "/v1/outcomes": (ReportQuery, {"days": "0", "promise": "promise"}),
    "/v1/breaches": (BreachQuery, {"limit": "1000", "show": "late"}),
    "/v1/operations": (StateQuery, {"show": "some"}),
    "/v1/operations/dead-letters/{place}/replay": (ReplayQuery, {"replayed": "twice"}),
}
_SAME_AS = {
    "/v1/cases/changes": "/v1/cases",
    "/v1/outcomes.csv": "/v1/outcomes",
    "/v1/breaches.csv": "/v1/breaches",
}


def refusals() -> Mapping[str, Refusal]:
    """One of each kind that a well-behaved client may meet."""
    return {
        "unauthenticated": Unauthenticated("refusal.send_key"),
        "missing_scope": MissingScope("refusal.scope", scopes=[*DESK_SCOPES]),
        "unknown_case": NotFound("refusal.no_case"),
        "unknown_dead_letter": NotFound("operations.no_letter"),
        "invalid_id": InvalidFields([FieldError("case_id", "field.invisible")]),
        **{_name(path): _invalid(model, given) for path, (model, given) in _WRONG.items()},
        "not_replayed": NotReplayed("operations.refused.replayed"),
        "rate_limited": RateLimited("refusal.rate", count=100, seconds=1),
        "internal_error": InternalError("refusal.crashed"),
        "catching_up": CatchingUp("refusal.board_reading", retry_after=2),
        "too_many_streams": TooManyStreams("refusal.too_many_streams"),
        "replay_unknown": ReplayUnknown("operations.refused.kafka", retry_after=5),
    }


def problems(_method: str, path: str, call: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The refusals that a client of this call may meet, by the key of the answer: names of `refusals`."""
    refused = ["unauthenticated", "missing_scope"]
    same = _SAME_AS.get(path, path)
    if same in _WRONG:
        refused.append(_name(same))
    if "{case_id}" in path:
        refused += ["unknown_case", "invalid_id"]
    if "{place}" in path:
        refused += ["unknown_dead_letter", "not_replayed"]
    yield from (("4XX", refused), ("429", ["rate_limited"]), ("500", ["internal_error"]))
    if "503" in call["responses"]:
        unavailable = ["replay_unknown"] if "{place}" in path else ["catching_up"]
        yield "503", [*unavailable, *(["too_many_streams"] if path.endswith("/changes") else [])]


def _name(path: str) -> str:
    """Such as `invalid_cases`, from the address of a call."""
    return "invalid_" + path.rpartition("/")[2]


def _invalid(model: type[BaseModel], given: Mapping[str, Any]) -> InvalidFields:
    try:
        model.model_validate(given)
    except ValidationError as error:
        return InvalidFields(field_errors(error))
    raise LookupError(f"{model.__name__} admits {given}")
