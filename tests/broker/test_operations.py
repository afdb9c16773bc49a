"""The page for operators on a real Kafka: real dead letters, a service that is stopped, timers that fired late."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import CausedBy, ClockWarned
from shared.contracts.topics import ENTITLEMENTS, ESCALATIONS, REQUESTS
from shared.identity.person import Person
from shared.kafka import serde
from shared.kafka.committed_reader import read_to_end
from shared.kafka.dead_letter_log import read_all
from shared.kafka.group_lag import group_lag
from shared.kafka.serde import Envelope
from shared.wall_clock import utc_now
from tests.harness.asking import account, entitlement_set, request
from tests.harness.csv_table import rows_of
from tests.harness.described_answers import wrong
from tests.harness.operations_board import (
    CUSTOMER,
    OPERATOR,
    PARTITIONS,
    VIEWER,
    WITHIN,
    OperationsBoard,
    running_operations_board,
)
from tests.harness.processes import answered
from tests.harness.service_process import ServiceProcess, service_process


class _Clock:
    """The time of the board, which a test may let run ahead."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


CLOCK = _Clock()
REPLAY = "/v1/operations/dead-letters/{place}/replay"
SECRET = "my password is tulip"


@pytest_asyncio.fixture(scope="module")
async def board(bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OperationsBoard]:
    """A board whose topics nobody else uses."""
    async with running_operations_board(bootstrap, tmp_path_factory.mktemp("board"), CLOCK) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def router(board: OperationsBoard, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceProcess]:
    """A real router beside it."""
    log = tmp_path_factory.mktemp("router") / "log"
    environment: dict[str, Any] = board.environment()
    async with service_process("router", log, **environment) as process:
        await process.start()
        await process.until("/readyz", 200)
        yield process


async def _dead_letter(board: OperationsBoard) -> str:
    """The id of a dead letter that the router has made of a request that nobody can read."""
    place = await board.garbage(REQUESTS, b"acme", SECRET.encode())

    async def there() -> bool:
        return any(str(each) == place for each in await read_all(board.kafka, [REQUESTS.name]))

    await answered(there, WITHIN, "the router has dead-lettered it")
    return place


async def _send_form(board: OperationsBoard, address: str, person: Person, **more: str) -> tuple[int, str]:
    """Send the form of the page as a browser does, and follow it."""
    async with board.client(person) as http:
        shown = await http.get(address)
        fields = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.text.partition("<main")[2])
        )
        answer = await http.post(address, data={**fields, **more}, follow_redirects=True)
        return answer.status_code, html.unescape(answer.text)


async def _records(board: OperationsBoard) -> list[bytes | None]:
    return [record.value async for record in read_to_end(board.kafka, [REQUESTS.name])]


async def test_a_dead_letter_is_listed_shown_replayed_once_and_seen_as_replayed(
    board: OperationsBoard, router: ServiceProcess
) -> None:
    """All by forms, as a browser without scripts sends them; the customer's text is on none of the pages."""
    place = await _dead_letter(board)
    address = f"/operations/dead-letters/{place}"
    shown = await board.page(address)
    assert "unknown_type" in shown or "malformed_event" in shown
    assert "Replay it" not in shown  # a viewer reads
    assert f'href="{address}"' in await board.page("/operations")
    asking = await board.page(f"{address}/replay", OPERATOR)
    assert f"written to {REQUESTS.name} again" in asking
    before = (await _records(board)).count(SECRET.encode())
    assert (await _send_form(board, f"{address}/replay", OPERATOR, form="0" * 32))[0] == 403  # of another browser
    assert (await _records(board)).count(SECRET.encode()) == before
    status, after = await _send_form(board, f"{address}/replay", OPERATOR)
    assert status == 200
    assert (await _records(board)).count(SECRET.encode()) == before + 1
    (found,) = [each for each in await read_all(board.kafka, [REQUESTS.name]) if str(each) == place]
    assert len(found.replays) == 1  # noted in the log, as the command line does
    assert found.replays[0].place in after
    again = await board.page(f"{address}/replay", OPERATOR)
    assert "It was replayed already" in again
    status, refused = await _send_form(board, f"{address}/replay", OPERATOR)
    assert (status, "nothing was written" in refused) == (409, True)
    assert (await _records(board)).count(SECRET.encode()) == before + 1
    status, _ = await _send_form(board, f"{address}/replay", OPERATOR, force="yes")
    assert (status, (await _records(board)).count(SECRET.encode())) == (200, before + 2)
    listed = {each["id"]: each for each in (await board.state("?show=all"))["dead_letters"]["letters"]}
    assert len(listed[place]["replayed"]) == 2
    table = await board.page("/operations.csv?table=letters&show=all")
    await board.page("/operations.csv?table=letters", CUSTOMER, 403)
    await board.page("/operations.csv?table=nothing", VIEWER, 422)
    for name in ("timers", "unfired", "lag", "tasks"):
        assert await board.page(f"/operations.csv?table={name}")
    async with board.client(None) as http:
        called = await http.get("/v1/operations.csv?table=letters&show=all")
    assert called.text == table
    assert [row["replays"] for row in rows_of(called) if row["id"] == place] == ["2"]
    pages = [table, shown, asking, after, again, refused, await board.page("/operations?show=all")]
    assert not any(SECRET in each for each in pages)


async def test_of_two_who_insist_the_second_is_told_that_it_was_replayed_meanwhile(
    board: OperationsBoard, router: ServiceProcess
) -> None:
    """A second click, or a second person, sends what they have seen, and nothing is written twice unseen."""
    place = await _dead_letter(board)
    async with board.client(None) as http:
        address = f"/v1/operations/dead-letters/{place}/replay"
        answers = await asyncio.gather(*(http.post(address, params={"replayed": "0"}) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        refused = await http.post(address)
        assert refused.json()["type"].endswith("not_replayed")
        document = await board.document()
        for answer in (*answers, refused):
            assert wrong(document, REPLAY, answer, "post") == []


async def test_who_may_not_replay_is_refused_and_customers_see_nothing_of_it(
    board: OperationsBoard, router: ServiceProcess
) -> None:
    """By the scope of the token: looking at every case is not the right to change what is decided."""
    place = await _dead_letter(board)
    address = f"/operations/dead-letters/{place}"
    await board.page(f"{address}/replay", VIEWER, 403)
    status, _ = await _send_form(board, f"{address}/replay", VIEWER, force="yes", replayed="0")
    assert status == 403
    for each in ("/operations", address, f"{address}/replay", "/operations/live"):
        await board.page(each, CUSTOMER, 403)
    (found,) = [each for each in await read_all(board.kafka, [REQUESTS.name]) if str(each) == place]
    assert not found.replays
    await board.page("/operations/dead-letters/support.requests.v1:0:999999", VIEWER, 404)


async def test_what_a_stopped_service_leaves_unread_is_its_lag(board: OperationsBoard, router: ServiceProcess) -> None:
    """By partition, and as records: the markers of transactions between them are no lag."""
    topics = [REQUESTS.name]

    async def behind() -> int:
        return sum(each.behind for each in await group_lag(board.kafka, "router", topics))

    async def quiet() -> bool:
        return await behind() == 0

    await answered(quiet, WITHIN, "the router has taken every request")
    assert await router.terminate() == 0
    for number in range(3):
        await board.garbage(REQUESTS, b"acme", b"unread %d" % number)
    lag = await group_lag(board.kafka, "router", topics)
    assert sorted(each.behind for each in lag) == [0, 3]
    assert len(lag) == PARTITIONS

    async def noticed() -> bool:
        found = await board.state()
        return bool(found["lag"]["router"]["behind"] == 3 and found["lag"]["router"]["standing_still"])

    await answered(noticed, WITHIN, "the board says that the router stands still")
    assert "The service router takes none of the 3 records that are left" in await board.page("/operations")
    await router.start()
    await answered(quiet, WITHIN, "the router has taken what was left")


async def test_a_timer_that_fired_late_is_seen_as_late(board: OperationsBoard) -> None:
    """The board reads it from the event, which says when it was due and when it was noticed."""
    now = utc_now()
    for number, late in enumerate((0.02, 0.03, 9.0)):
        event = ClockWarned(
            case_id=f"{number:032x}",
            at=now - timedelta(seconds=late),
            account_id="acme",
            priority="P1",
            observed_at=now,
            caused_by=CausedBy(partition=0, timer=f"{number:032x}", generation=1),
            milestone="first_response",
            instance=1,
            generation=1,
            promise="commitment",
            due_at=now,
            level=0,
            called="assignee",
            share=0.5,
        )
        envelope = Envelope(f"w{number}", "/frontline/escalation", type_of(event), now, event.case_id, None)
        await board.write(serde.to_output(ESCALATIONS, event.case_id, envelope, wire.encode(event)))

    async def counted() -> Any:
        warned = (await board.state())["timers"]["last_hour"]["warned"]
        return warned if warned["count"] == 3 else None

    warned = await answered(counted, WITHIN, "the board counts three timers")
    assert warned["max_seconds"] == pytest.approx(9.0)
    assert 0.03 <= warned["p50_seconds"] <= 0.032
    assert warned["p99_seconds"] == pytest.approx(9.0)
    page = await board.page("/operations")
    assert "A timer of the last hour fired 9 s after its instant" in page


async def test_a_deadline_that_escalation_does_not_notice_is_due_but_unfired(
    board: OperationsBoard, router: ServiceProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escalation does not run here at all: the board knows the deadlines by itself, and says which have passed."""
    asked = request(request_id=uuid4().hex, received_at=utc_now())
    for topic, key, event in ((ENTITLEMENTS, "acme", entitlement_set(account())), (REQUESTS, "acme", asked)):
        envelope = Envelope(uuid4().hex, "/frontline/intake", type_of(event), utc_now(), key, None)
        await board.write(serde.to_output(topic, key, envelope, wire.encode(event)))

    async def decided() -> bool:
        async with board.client(None) as http:
            answer = await http.get(f"/v1/cases/{asked.request_id}")
            return answer.status_code == 200 and answer.json()["next"] is not None

    await answered(decided, WITHIN, "the board has the deadline of the case")
    assert (await board.state())["due_but_unfired"]["count"] == 0
    monkeypatch.setattr(CLOCK, "ahead", timedelta(days=7))

    async def noticed() -> Any:
        return (await board.state())["due_but_unfired"]["clocks"]

    clocks = await answered(noticed, WITHIN, "the board says which deadlines have passed")
    assert {clock["case_id"] for clock in clocks} == {asked.request_id}
    page = await board.page("/operations")
    assert f'href="/cases/{asked.request_id}"' in page
    assert "passed, and" in page
