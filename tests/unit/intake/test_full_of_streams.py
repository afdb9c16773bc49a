"""Event streams on a real server: as many as are allowed, a share for each client, and room for calls and health."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx

from services.intake.request import Submission, accept
from shared.wall_clock import utc_now
from tests.harness.intake import Intake, key_of, running_intake, submission
from tests.harness.processes import eventually
from tests.harness.raw_http import RawConnection, parse, raw_connections

SOON = 10.0
LIMIT, SHARE = 12, 5
CLIENTS = ("all", "admin", "submit")


@asynccontextmanager
async def _intake(**given: Any) -> AsyncIterator[tuple[Intake, str]]:
    """An intake whose Kafka is away, and the id of a request that it knows, of the client `submit`."""
    async with running_intake("127.0.0.1:1", wait=False, **given) as intake:
        event = accept(
            Submission.model_validate(submission()),
            client="submit",
            authenticated_by="api_key",
            request_id=intake.service.request_ids.new("submit", "acme", "followed", utc_now()),
            received_at=utc_now(),
        )
        intake.service.recent.submitted(event)
        yield intake, event.request_id


async def _follow(connection: RawConnection, request_id: str, client: str) -> int:
    """Ask for the events of the request; the status of the answer, whose stream stays open."""
    await connection.send(
        f"GET /v1/support-requests/{request_id}/events HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {key_of(client)}\r\n\r\n".encode()
    )
    async with asyncio.timeout(SOON):
        return parse(await connection.reader.readuntil(b"\r\n\r\n")).status


async def _follow_all(connections: Sequence[RawConnection], request_id: str) -> list[tuple[str, int]]:
    """Each connection asks at the same time, the clients in turn."""
    clients = [CLIENTS[number % len(CLIENTS)] for number in range(len(connections))]
    statuses = await asyncio.gather(*map(_follow, connections, [request_id] * len(clients), clients))
    return list(zip(clients, statuses, strict=True))


async def test_of_many_simultaneous_streams_no_more_are_admitted_than_are_allowed() -> None:
    """A stream counts when it is admitted: simultaneous calls would all pass a check that comes before the count."""
    limits = {"event_streams": LIMIT, "event_streams_per_client": SHARE}
    async with (
        _intake(http_connections=150, http_connections_per_client=150, **limits) as (intake, request_id),
        raw_connections(intake.url, 120) as connections,
    ):
        answers = await _follow_all(connections, request_id)
        admitted = Counter(client for client, status in answers if status == 200)
        assert {status for _, status in answers} == {200, 503}
        assert admitted.total() == LIMIT
        assert max(admitted.values()) <= SHARE


async def test_a_stream_that_its_client_ends_makes_room_for_another() -> None:
    """Otherwise a limit would be a count of all streams there ever were."""
    async with _intake(event_streams=2, event_streams_per_client=1) as (intake, request_id):
        for _ in range(3):
            async with raw_connections(intake.url, 2) as (first, second):
                assert [await _follow(each, request_id, "all") for each in (first, second)] == [200, 503]
            await eventually(lambda: not intake.service.places.count, SOON, "the stream has ended")


async def test_streams_leave_room_for_calls_and_full_connections_for_health() -> None:
    """Three quarters of the connections are streams at most; a probe gets in even if all connections are taken."""
    connections = 16
    async with (
        _intake(
            http_connections=connections,
            http_connections_per_client=connections,
            event_streams=1_000,
            event_streams_per_client=1_000,
        ) as (intake, request_id),
        httpx.AsyncClient(base_url=intake.url, headers={"Authorization": f"Bearer {key_of('submit')}"}) as http,
        AsyncExitStack() as opened,
    ):
        streams = await opened.enter_async_context(raw_connections(intake.url, connections - 1))
        statuses = Counter(status for _, status in await _follow_all(streams, request_id))
        assert statuses == {200: 12, 503: 3}
        assert (await http.get(f"/v1/support-requests/{request_id}")).status_code == 200
        async with httpx.AsyncClient(base_url=intake.url, headers={"Connection": "close"}) as probe:
            for path, status in (("/livez", 200), ("/readyz", 503), ("/metrics", 200), ("/docs", 503)):
                assert (await probe.get(path)).status_code == status
