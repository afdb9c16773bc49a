"""The activity that intake writes to Kafka: on a real broker, over real HTTP."""

import asyncio
from datetime import timedelta

from shared.contracts import wire
from shared.contracts.structs import (
    ActivityRecorded,
)
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS
from shared.wall_clock import utc_now
from tests.broker.intake_calls import events_of, output_of, report, status_with_events, submit, unique
from tests.harness.decided import closed, reopened, routed
from tests.harness.intake import Intake, running_intake, write


async def test_activity_is_written_under_its_case(intake: Intake) -> None:
    """With the instant of receipt, and the same id for the same call."""
    case = unique("case")
    before = utc_now()
    async with intake.client(**{"Idempotency-Key": "reply-1"}) as http:
        first, again = [
            await http.post(f"/v1/cases/{case}/activity", json={"type": "agent_replied", "text": "On it."})
            for _ in range(2)
        ]
        another = await http.post(
            f"/v1/cases/{case}/activity", json={"type": "resolved"}, headers={"Idempotency-Key": "2"}
        )
    assert first.status_code == 202
    assert first.json() == again.json() != another.json()
    (record, envelope, data), *_ = await events_of(intake, ACTIVITY, case)
    event = wire.decode(ActivityRecorded, data)
    assert envelope.type == "frontline.activity.agent_replied.v1"
    assert (envelope.id, envelope.subject, record.key) == (first.json()["activity_id"], case, case.encode())
    assert event.at == event.recorded_at >= before


async def test_a_retried_activity_is_the_same_activity(intake: Intake) -> None:
    """The next try gets the same answer, and its event the same id and digest: escalation drops it as a retry."""
    case = unique("case")
    answers = [await report(intake, case, "t1", type="agent_replied", text="On it.") for _ in range(3)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    events = [wire.decode(ActivityRecorded, data) for _, _, data in await events_of(intake, ACTIVITY, case)]
    (same,) = {(event.activity_id, event.activity_digest) for event in events}
    assert len(same[1] or "") == 64


async def test_another_activity_under_the_key_of_the_first_is_refused(intake: Intake) -> None:
    """Clients use one key a ticket: the resolution must not be acknowledged and lost behind the reply."""
    case = unique("case")
    assert (await report(intake, case, "t1", type="agent_replied", text="on it")).status_code == 202
    refused = await report(intake, case, "t1", type="resolved")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:frontline:problem:idempotency_conflict")
    assert "new key" in refused.json()["detail"]
    assert (await report(intake, case, "t2", type="resolved")).status_code == 202
    assert (await report(intake, unique("case"), "t1", type="resolved")).status_code == 202
    assert len(await events_of(intake, ACTIVITY, case)) == 2


async def test_of_two_simultaneous_activities_under_one_key_one_is_accepted(intake: Intake) -> None:
    """The same rule as for requests."""
    case = unique("case")
    kinds = ["agent_replied", "resolved"] * 5
    answers = await asyncio.gather(*(report(intake, case, "t1", type=kind) for kind in kinds))
    taken = {kind for kind, answer in zip(kinds, answers, strict=True) if answer.status_code == 202}
    assert len(taken) == 1
    assert sorted(answer.status_code for answer in answers) == [202] * 5 + [422] * 5
    written = await events_of(intake, ACTIVITY, case)
    assert {wire.decode(ActivityRecorded, data).type for _, _, data in written} == taken


async def test_another_instance_accepts_a_conflict_that_it_cannot_know(intake: Intake, bootstrap: str) -> None:
    """It has not seen the first body. Its event has the same id and another digest, by which escalation finds it."""
    case = unique("case")
    async with running_intake(bootstrap) as other:
        answers = [
            await report(intake, case, "t1", type="agent_replied"),
            await report(other, case, "t1", type="resolved"),
        ]
    assert [answer.status_code for answer in answers] == [202, 202]
    events = [wire.decode(ActivityRecorded, data) for _, _, data in await events_of(intake, ACTIVITY, case)]
    assert len({event.activity_id for event in events}) == 1
    assert len({event.activity_digest for event in events}) == 2


async def test_backfilled_activity_keeps_its_instant(intake: Intake) -> None:
    """A help desk can import its history."""
    case, at = unique("case"), utc_now() - timedelta(days=3)
    async with intake.client("agent-backfill") as http:
        answer = await http.post(f"/v1/cases/{case}/activity", json={"type": "restored", "at": at.isoformat()})
    assert answer.status_code == 202
    ((_, _, data),) = await events_of(intake, ACTIVITY, case)
    event = wire.decode(ActivityRecorded, data)
    assert event.at == at
    assert event.recorded_at > at


async def test_activity_cannot_be_dated_before_its_case(intake: Intake) -> None:
    """Where intake knows the case; for others escalation checks it."""
    case = (await submit(intake)).json()["request_id"]
    async with intake.client("agent-backfill") as http:
        answer = await http.post(
            f"/v1/cases/{case}/activity",
            json={"type": "agent_replied", "at": (utc_now() - timedelta(hours=1)).isoformat()},
        )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "at"
    assert await events_of(intake, ACTIVITY, case) == []


async def test_the_answer_to_an_activity_says_that_the_case_is_closed(intake: Intake, bootstrap: str) -> None:
    """Taken like any other, and its sender learns that nobody owes an answer; known from the events of escalation."""
    case = (await submit(intake)).json()["request_id"]
    open_case = await report(intake, case, "m1", type="customer_replied")
    assert (open_case.status_code, "case_status" in open_case.json()) == (202, False)
    await write(
        bootstrap,
        [
            output_of(CASES, case, routed(case, utc_now())),
            output_of(ESCALATIONS, case, closed(case, utc_now())),
        ],
    )
    async with intake.client() as http:
        await status_with_events(http, case, 3)
    answer = await report(intake, case, "m2", type="customer_replied")
    assert (answer.status_code, answer.json()["case_status"]) == (202, "closed")
    await write(bootstrap, [output_of(ESCALATIONS, case, reopened(case, utc_now()))])
    async with intake.client() as http:
        await status_with_events(http, case, 4)
    assert "case_status" not in (await report(intake, case, "m3", type="customer_replied")).json()
    assert len(await events_of(intake, ACTIVITY, case)) == 3
