"""`POST /v1/test-clock`: advances the time of a whole system. It exists only under `frontline up --test-clock`.

`shared/test_clock.py` says how the time reaches every service.
"""

from datetime import timedelta
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from services.intake import body
from services.intake.errors import ClockNotTaken
from services.intake.fields import Body
from services.intake.openapi import describe
from services.intake.service import service_of
from shared.contracts.base import format_instant
from shared.test_clock import NotTaken
from shared.web.errors import NotFound
from shared.web.host_names import is_loopback
from shared.web.openapi import operation_id

LONGEST = timedelta(days=366)  # one advance; many of them may go further
RETRY_AFTER = 2


class Advance(Body):
    """How far to advance the clock, in seconds; 0 asks for the time."""

    advance_seconds: float = Field(ge=0, le=LONGEST.total_seconds())


def _description() -> dict[str, Any]:
    """As of any call, but with the schemas in place: only a document that has the call has them."""
    described = describe("admin", 200, None)
    described["openapi_extra"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": Advance.model_json_schema(), "example": {"advance_seconds": 14400}}},
    }
    now = {"type": "object", "required": ["now"], "properties": {"now": {"type": "string", "format": "date-time"}}}
    answer = {"schema": now, "example": {"now": "2026-11-23T14:00:00Z"}}
    described["responses"][200] |= {"content": {"application/json": answer}}
    described["responses"]["503"] |= {"description": "Some services have not taken the new time. Repeat the call"}
    return described


router = APIRouter(generate_unique_id_function=operation_id)


@router.post("/v1/test-clock", **_description())
async def advance_test_clock(request: Request) -> Response:
    """Advance the clock of every service by `advance_seconds`, and return the time that all of them have then.

    Timers that are due by then fire at once. Only event time advances. Kafka's timestamps, sessions, rate limits and
    time limits stay true time. Only programs on this machine may call.
    """
    service = service_of(request)
    if service.test_clock is None or not _is_local(request):
        raise NotFound("refusal.no_address")
    await service.gate.admit(request, "admin")
    asked = await body.read(request, Advance, lambda _: [])
    try:
        now = await service.test_clock.advance(timedelta(seconds=asked.advance_seconds))
    except NotTaken as error:
        raise ClockNotTaken("refusal.clock_not_taken", services=list(error.services), retry_after=RETRY_AFTER) from None
    return Response(msgspec.json.encode({"now": format_instant(now)}), media_type="application/json")


def _is_local(request: Request) -> bool:
    """Whether the caller is on this machine."""
    return request.client is not None and is_loopback(request.client.host)
