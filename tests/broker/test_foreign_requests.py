"""Requests that another producer has written, as the contract admits and intake would not write them."""

from shared.contracts.topics import REQUESTS
from tests.fault.poison import foreign_request
from tests.harness.intake import log_of, running_intake, submission, topics_at, write
from tests.harness.processes import eventually


async def test_intake_reads_past_ids_and_digests_of_another_style(bootstrap: str) -> None:
    """Intake reads the requests of two days at each start: one that it could not read would end it each time."""
    await topics_at(bootstrap)
    await write(bootstrap, [foreign_request("before", number) for number in range(8)])
    async with running_intake(bootstrap) as intake, intake.client() as http:
        await write(bootstrap, [foreign_request("during", number) for number in range(8)])
        last = {record.partition: record.offset for record in await log_of(bootstrap, REQUESTS)}
        for tail in (intake.service.request_ids.tail, intake.service.requests_tail):
            for partition, offset in last.items():
                await tail.read_past(REQUESTS, partition, offset)
        assert (await http.post("/v1/support-requests", json=submission())).status_code == 202
        await eventually(lambda: intake.service.recent.submitted_at("order-during-7") is not None, 10, "its status")
