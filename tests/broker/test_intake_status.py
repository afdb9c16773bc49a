"""The course of a request: intake's view of the topics, on a real broker, over real HTTP."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from shared.contracts.topics import CASES, ESCALATIONS
from shared.wall_clock import utc_now
from tests.broker.intake_calls import output_of, status_with_events, submit
from tests.harness.decided import breached, routed, started, warned
from tests.harness.intake import Intake, running_intake, write


async def test_the_status_has_the_course_of_a_request(intake: Intake, bootstrap: str) -> None:
    """Submitted, then decided, then warned and breached."""
    request_id = (await submit(intake)).json()["request_id"]
    async with intake.client() as http:
        before = (await http.get(f"/v1/support-requests/{request_id}")).json()
        assert (before["status"], before["decision"], len(before["events"])) == ("submitted", None, 1)
        await write(
            bootstrap,
            [
                output_of(CASES, request_id, routed(request_id, utc_now())),
                output_of(ESCALATIONS, request_id, started(request_id, utc_now())),
                output_of(ESCALATIONS, request_id, warned(request_id, utc_now())),
                output_of(ESCALATIONS, request_id, breached(request_id, utc_now())),
            ],
        )
        after = await status_with_events(http, request_id, 5)
    assert (after["status"], after["decision"]["priority"], after["decision"]["assigned_tier"]) == (
        "routed",
        "P1",
        "tier2",
    )
    assert [event["type"] for event in after["events"]] == [
        "frontline.request.submitted.v1",
        "frontline.case.routed.v1",
        "frontline.clock.started.v1",
        "frontline.clock.warned.v1",
        "frontline.clock.breached.v1",
    ]


@pytest.mark.parametrize("path", ["", "/events"])
async def test_a_client_sees_its_own_requests_only(intake: Intake, path: str) -> None:
    """A request of another client is 404, whichever account it has; an admin and an agent see all."""
    request_id = (await submit(intake, client="submit")).json()["request_id"]
    url = f"/v1/support-requests/{request_id}{path}"
    seen = {}
    for client in ("submit", "other", "admin", "agent", "backfill"):
        async with intake.client(client) as http, http.stream("GET", url) as answer:
            seen[client] = answer.status_code
    assert seen == {"submit": 200, "other": 404, "admin": 200, "agent": 200, "backfill": 403}


async def test_the_404_of_an_old_request_names_the_limit(bootstrap: str) -> None:
    """The view is bounded; the log is not."""
    async with running_intake(bootstrap, recent_requests=2) as small, small.client() as http:
        ids = [(await submit(small)).json()["request_id"] for _ in range(3)]
        missing = await http.get(f"/v1/support-requests/{ids[0]}")
        assert (await http.get(f"/v1/support-requests/{ids[2]}")).status_code == 200
    assert missing.status_code == 404
    assert "most recent 2" in missing.json()["detail"]


async def _read_stream(answer: httpx.Response, count: int) -> list[tuple[str, str, dict[str, Any]]]:
    """The next `count` events of an event stream: id, type, data."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        found.append((fields["id"], fields["event"], json.loads(fields["data"])))
        fields = {}
        if len(found) == count:
            break
    return found


async def test_an_event_stream_has_past_events_and_then_new_ones(intake: Intake, bootstrap: str) -> None:
    """Their order is the same at every instance."""
    request_id = (await submit(intake)).json()["request_id"]
    async with (
        asyncio.timeout(20),
        intake.client() as http,
        http.stream("GET", f"/v1/support-requests/{request_id}/events") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        reading = asyncio.create_task(_read_stream(answer, 3))
        await write(
            bootstrap,
            [
                output_of(CASES, request_id, routed(request_id, utc_now())),
                output_of(ESCALATIONS, request_id, started(request_id, utc_now())),
            ],
        )
        seen = await reading
    assert [kind for _, kind, _ in seen] == [
        "frontline.request.submitted.v1",
        "frontline.case.routed.v1",
        "frontline.clock.started.v1",
    ]
    assert seen[1][2]["decision"]["assigned_channel"] == "web_ticket"
    assert seen[2][2]["milestone"] == "first_response"


async def test_an_event_stream_continues_after_the_last_event_id(intake: Intake, bootstrap: str) -> None:
    """A browser that lost the connection sends Last-Event-ID; no event is repeated or omitted."""
    request_id = (await submit(intake)).json()["request_id"]
    await write(
        bootstrap,
        [
            output_of(CASES, request_id, routed(request_id, utc_now())),
            output_of(ESCALATIONS, request_id, started(request_id, utc_now())),
        ],
    )
    url = f"/v1/support-requests/{request_id}/events"
    async with asyncio.timeout(20), intake.client() as http:
        await status_with_events(http, request_id, 3)
        async with http.stream("GET", url, headers={"Last-Event-ID": "submitted"}) as answer:
            seen = await _read_stream(answer, 2)
        assert [kind for _, kind, _ in seen] == ["frontline.case.routed.v1", "frontline.clock.started.v1"]
        async with http.stream("GET", url, headers={"Last-Event-ID": "not one of ours"}) as answer:
            assert len(await _read_stream(answer, 3)) == 3


async def test_event_streams_are_limited(bootstrap: str) -> None:
    """Each holds a connection; the answer beyond the limit recommends the status call."""
    async with running_intake(bootstrap, event_streams=1) as small, small.client() as http:
        request_id = (await submit(small)).json()["request_id"]
        url = f"/v1/support-requests/{request_id}/events"
        async with http.stream("GET", url) as answer:
            await _read_stream(answer, 1)
            refused = await http.get(url)
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
