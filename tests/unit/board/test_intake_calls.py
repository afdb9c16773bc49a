"""What becomes of intake's refusals at the board: who acted reads why, and when to try again.

Intake is played by an application that answers with the refusals of the services, as they write them.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.board.errors import IntakeUnavailable, OtherThanBefore, RefusedByIntake
from services.board.intake_calls import IntakeCalls
from services.intake.errors import IdempotencyConflict, KafkaUnavailable, TopicsChanged
from shared.http.limits import HttpLimits
from shared.http.refusals import TOO_MANY_CONNECTIONS
from shared.http.server import WebServer
from shared.web import problem
from shared.web.errors import (
    BodyTooLarge,
    CatchingUp,
    FieldError,
    InternalError,
    InvalidFields,
    MissingScope,
    NotFound,
    RateLimited,
    Refusal,
    Unauthenticated,
)
from tests.unit.http.serving import listening

Answers = Callable[[], Response]


def refusal(made: Refusal) -> Answers:
    """The problem document of a refusal."""
    return lambda: problem.render(made, "en")


def of_the_server() -> Response:
    """What the HTTP server answers by itself."""
    headers, body = TOO_MANY_CONNECTIONS.headers_and_body("en", HttpLimits(connections=64, per_client=64))
    return Response(body, TOO_MANY_CONNECTIONS.status, {name.decode(): value.decode() for name, value in headers[:2]})


@asynccontextmanager
async def reporting_to(answers: Answers) -> AsyncIterator[IntakeCalls]:
    """The calls to an intake that answers so."""

    async def answer(_request: Request) -> Response:
        return answers()

    app = Starlette(routes=[Route("/v1/cases/{case_id}/activity", answer, methods=["POST"])])
    async with listening(WebServer(app, HttpLimits(connections=64, per_client=64), grace_seconds=1)) as (url, _):
        calls = IntakeCalls(url, 5)
        try:
            yield calls
        finally:
            await calls.close()


async def refused(answers: Answers) -> Refusal:
    """What a report is refused with."""
    async with reporting_to(answers) as calls:
        with pytest.raises(Refusal) as found:
            await calls.report("token", "case", {"type": "resolved"}, "key", "en")
    return found.value


REFUSALS: tuple[tuple[str, Refusal, int, str, str | None], ...] = (
    ("too many calls", RateLimited("refusal.crashed", retry_after=17), 429, "rate_limited", "17"),
    ("Kafka does not answer", KafkaUnavailable("refusal.crashed", retry_after=5), 503, "kafka_unavailable", "5"),
    ("topics changed", TopicsChanged("refusal.crashed"), 503, "topics_changed", "2"),
    ("just started", CatchingUp("refusal.crashed", retry_after=3), 503, "catching_up", "3"),
    ("not allowed", MissingScope("refusal.scope", scopes=["agent"]), 403, "missing_scope", None),
    ("token has ended", Unauthenticated("refusal.crashed"), 403, "unauthenticated", None),
    ("no such case", NotFound("refusal.no_case"), 404, "not_found", None),
    ("too long", BodyTooLarge("refusal.crashed"), 413, "body_too_large", None),
    ("wrong field", InvalidFields([FieldError("to", "field.cursor")]), 422, "invalid_fields", None),
    ("other words", IdempotencyConflict("refusal.crashed"), 422, "idempotency_conflict", None),
)


@pytest.mark.parametrize(("made", "status", "kind", "retry_after"), [row[1:] for row in REFUSALS], ids=lambda _: "")
async def test_the_page_answers_with_the_refusal_of_intake(
    made: Refusal, status: int, kind: str, retry_after: str | None
) -> None:
    """Its status, its kind, which has the words, its own sentence, and when to try again."""
    found = await refused(refusal(made))
    assert isinstance(found, RefusedByIntake)
    assert isinstance(found, OtherThanBefore) is isinstance(made, IdempotencyConflict)
    assert (found.status, found.kind, found.headers.get("Retry-After")) == (status, kind, retry_after)
    assert found.facts["detail"]
    assert set(found.headers) <= {"Retry-After"}, "a challenge is not for a browser"


BETWEEN: tuple[tuple[Answers, str], ...] = (
    (refusal(InternalError("refusal.crashed")), "2"),
    (lambda: Response("<h1>Bad gateway</h1>", 502), "2"),
    (lambda: Response("", 503, {"Retry-After": "30"}), "30"),
    (lambda: Response("", 503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), "2"),
    (lambda: Response("", 503, {"Retry-After": "9" * 9}), "3600"),
    (lambda: Response("{}", 200), "2"),
    (lambda: Response("[]", 404), "2"),
)


@pytest.mark.parametrize(("answers", "retry_after"), BETWEEN, ids=lambda _: "")
async def test_what_is_no_refusal_of_intake_is_as_if_it_were_away(answers: Answers, retry_after: str) -> None:
    """What stands in between answers as well, and says nothing of the report: it may be sent again, and counts once."""
    found = await refused(answers)
    assert isinstance(found, IntakeUnavailable)
    assert (found.status, found.headers) == (503, {"Retry-After": retry_after})


async def test_too_many_calls_are_too_many_whoever_says_it() -> None:
    """A proxy in between may count them as well; it writes no problem document."""
    found = await refused(lambda: Response("busy", 429, {"Retry-After": "7"}))
    assert isinstance(found, RefusedByIntake)
    assert (found.status, found.kind, found.headers) == (429, "rate_limited", {"Retry-After": "7"})


async def test_what_the_server_of_intake_refuses_is_passed_on_too() -> None:
    """It has more connections than it takes: the reader tries again in a moment."""
    found = await refused(of_the_server)
    assert isinstance(found, RefusedByIntake)
    assert (found.status, found.kind) == (503, TOO_MANY_CONNECTIONS.kind)


async def test_an_intake_that_is_not_there_is_away() -> None:
    """Whether it has the report is not known."""
    calls = IntakeCalls(str(httpx.URL("http://127.0.0.1:1")), 5)
    with pytest.raises(IntakeUnavailable):
        await calls.report("token", "case", {"type": "resolved"}, "key", "en")
    await calls.close()
