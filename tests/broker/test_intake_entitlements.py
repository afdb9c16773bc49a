"""The entitlements that intake writes to Kafka, and its view of them: on a real broker, over real HTTP."""

import asyncio
import json
from datetime import datetime, timedelta

import httpx

from shared.contracts import wire
from shared.contracts.base import parse_instant
from shared.contracts.structs import (
    EntitlementSet,
    EntitlementWithdrawn,
)
from shared.contracts.topics import ENTITLEMENTS
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.routing.entitlement_order import AHEAD
from shared.wall_clock import utc_now
from tests.broker.intake_calls import ACCOUNT, events_of, output_of, unique
from tests.harness.asking import account as some_account
from tests.harness.intake import Intake, log_of, running_intake, write


async def test_an_entitlement_keeps_its_term(intake: Intake) -> None:
    """It is answered in UTC, as it is in the event."""
    account = unique()
    term = {"valid_from": "2026-01-01T00:00:00+01:00", "valid_until": "2027-01-01T00:00:00Z"}
    async with intake.client("admin") as http:
        put = await http.put(f"/v1/accounts/{account}/entitlement", json={**ACCOUNT, **term})
        got = await http.get(f"/v1/accounts/{account}/entitlement")
    assert (put.status_code, got.json()) == (200, put.json())
    assert got.json()["valid_from"] == "2025-12-31T23:00:00Z"
    assert got.json()["valid_until"] == "2027-01-01T00:00:00Z"


async def test_an_entitlement_is_set_read_and_withdrawn(intake: Intake) -> None:
    """A withdrawal writes first its event, then the tombstone that removes the account from the topic."""
    account = f"{unique()}/eu 1"
    url = f"/v1/accounts/{httpx.URL(path=account).raw_path.decode().replace('/', '%2F')}/entitlement"
    async with intake.client("admin") as http:
        put = await http.put(url, json=ACCOUNT)
        assert (put.status_code, put.json()) == (200, {"account_id": account, **ACCOUNT})
        assert (await http.get(url)).json() == put.json()
        assert (await http.put(url, json={**ACCOUNT, "plan": "premier"})).status_code == 200
        assert (await http.get(url)).json()["plan"] == "premier"
        assert (await http.delete(url)).status_code == 204
        assert (await http.get(url)).status_code == 404
        assert (await http.delete(url)).status_code == 204  # it had none already
    log = [record for record in await log_of(intake.bootstrap, ENTITLEMENTS) if record.key == account.encode()]
    kinds = ["tombstone" if serde.is_tombstone(record) else serde.read(record)[0].type for record in log]
    assert kinds == [
        *(EntitlementSet.TYPE, EntitlementSet.TYPE),
        *(EntitlementWithdrawn.TYPE, "tombstone", EntitlementWithdrawn.TYPE, "tombstone"),
    ]
    assert {record.partition for record in log} == {partition_for(account.encode(), 6)}


async def _dated(intake: Intake, account: str) -> list[tuple[datetime, int]]:
    """The instant and the timestamp in ms of each event of an account, in order."""
    found = []
    for record, _, data in await events_of(intake, ENTITLEMENTS, account):
        fields = json.loads(data)
        found.append((parse_instant(fields.get("set_at") or fields["withdrawn_at"]), record.timestamp_ms))
    return found


async def test_a_call_replaces_what_another_writer_with_a_faster_clock_set(intake: Intake, bootstrap: str) -> None:
    """A billing system is almost five minutes ahead. The call counts over it and is not refused itself."""
    account = unique()
    fast = utc_now() + AHEAD - timedelta(seconds=10)
    billing = EntitlementSet(account=some_account(account_id=account, plan="access"), set_at=fast)
    await write(bootstrap, [output_of(ENTITLEMENTS, account, billing)])
    url = f"/v1/accounts/{account}/entitlement"
    async with intake.client() as http:
        (record,) = [each for each in await log_of(bootstrap, ENTITLEMENTS) if each.key == account.encode()]
        tail = intake.service.accounts_tail
        await asyncio.wait_for(tail.read_past(ENTITLEMENTS, record.partition, record.offset), 10)
        assert (await http.put(url, json=ACCOUNT)).status_code == 200
        assert (await http.get(url)).json()["plan"] == "premier_plus"
        assert (await http.delete(url)).status_code == 204
        assert (await http.get(url)).status_code == 404
        assert (await http.put(url, json=ACCOUNT)).status_code == 200
        assert (await http.get(url)).json()["plan"] == "premier_plus"
    instants = [at for at, _ in await _dated(intake, account)]
    assert instants == [fast + n * timedelta(microseconds=1) for n in range(4)]
    log = [record for record in await log_of(bootstrap, ENTITLEMENTS) if record.key == account.encode()]
    (tombstone,) = (record for record in log if serde.is_tombstone(record))
    assert tombstone.timestamp_ms == int(instants[2].timestamp() * 1000)


async def test_a_call_that_follows_a_call_counts_whatever_the_clocks_of_the_instances(
    intake: Intake, bootstrap: str
) -> None:
    """The second instance is a minute behind, and its view some milliseconds: it dates its call again if need be."""
    account = unique()
    url = f"/v1/accounts/{account}/entitlement"
    async with running_intake(bootstrap) as behind, intake.client() as first, behind.client() as second:
        behind.service.entitlement_calls.clock = lambda: utc_now() - timedelta(minutes=1)
        for plan, other in (("access", "premier"), ("premier_plus", "access"), ("premier", "premier_plus")):
            assert (await first.put(url, json={**ACCOUNT, "plan": plan})).status_code == 200
            assert (await second.put(url, json={**ACCOUNT, "plan": other})).status_code == 200
            assert (await second.get(url)).json()["plan"] == other
    events = [wire.decode(EntitlementSet, data) for _, _, data in await events_of(intake, ENTITLEMENTS, account)]
    counting = max(enumerate(events), key=lambda each: (each[1].set_at, each[0]))
    assert counting == (len(events) - 1, events[-1])
    assert events[-1].account.plan == "premier_plus"
