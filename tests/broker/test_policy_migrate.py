"""`frontline policy migrate` on a real log and intake: a preview changes nothing, --send reaches each case once."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest_asyncio

from shared.contracts.topics import ACTIVITY, CASES
from shared.kafka import serde
from shared.kafka.record import Output
from tests.harness.command_line import frontline_text
from tests.harness.decided import published
from tests.harness.intake import Intake, key_of, log_of, running_intake, topics_at, write
from tests.topology.escalation.desk import TaskDesk, as_record


@dataclass
class Open:
    """Two open cases of one account in the log, and an intake to reach them by."""

    intake: Intake
    account_id: str
    cases: list[str]

    async def migrate(self, *arguments: str, key: str = "all") -> tuple[int, list[dict[str, Any]], str]:
        """Run the command as its users do: exit code, previews, standard error."""
        done = await asyncio.to_thread(
            frontline_text,
            *("policy", "migrate", *arguments, "--json"),
            *("--kafka", self.intake.bootstrap, "--intake", self.intake.url),
            environment={"FRONTLINE_KEY": key_of(key)},
        )
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    async def activity(self) -> list[dict[str, Any]]:
        """What reached the log about these cases."""
        keys = {case.encode() for case in self.cases}
        records = await log_of(self.intake.bootstrap, ACTIVITY)
        return [json.loads(serde.read(record)[1]) for record in records if record.key in keys]


@pytest_asyncio.fixture
async def opened(bootstrap: str) -> AsyncIterator[Open]:
    """Cases of an account of their own: the broker may be shared."""
    await topics_at(bootstrap)
    desk, account_id = TaskDesk(), f"acme-{uuid4().hex[:8]}"
    cases = [uuid4().hex, uuid4().hex]
    for case in cases:
        value, headers = as_record(CASES, case, desk.case(case, plan="premier_plus", account_id=account_id))
        desk.driver.pipe(CASES, case, value, headers)
        await write(bootstrap, [Output(CASES.name, case.encode(), value, headers)])
        desk.passes(timedelta(minutes=1))
    await write(bootstrap, [published(edition) for edition in desk.library.editions])
    async with running_intake(bootstrap) as intake:
        yield Open(intake, account_id, cases)


async def test_a_preview_shows_the_changes_and_sends_nothing(opened: Open) -> None:
    """The cases in the order of their submission, each clock before and after."""
    code, previews, _ = await opened.migrate("objectives-2024", "--account", opened.account_id)
    assert code == 0
    assert [each["case_id"] for each in previews] == opened.cases
    assert {clock["after"]["promise"] for each in previews for clock in each["clocks"]} == {"commitment", "objective"}
    assert "sent" not in previews[0]
    assert await opened.activity() == []


async def test_sending_reaches_each_chosen_case_once_however_often_it_is_run(opened: Open) -> None:
    """A case that was sent its migration needs no second one."""
    first, other = opened.cases
    for expected in ([(first, True)], []):
        code, previews, _ = await opened.migrate("objectives-2024", "--case", first, "--send")
        assert (code, [(each["case_id"], each["sent"]) for each in previews]) == (0, expected)
    arrived = await opened.activity()
    activities = [(each["case_id"], each["type"], each["edition"]) for each in arrived]
    assert activities == [(first, "policy_migrated", "objectives-2024")]
    code, previews, _ = await opened.migrate("objectives-2024", "--account", opened.account_id)
    assert [each["case_id"] for each in previews] == [other]


async def test_plans_are_those_that_the_accounts_have_now(opened: Open) -> None:
    """An account that bought less since, and one that nobody knows: what everybody has."""
    async with opened.intake.client("all") as client:
        account = {"plan": "premier", "account_type": "business", "paid": True}
        answer = await client.put(f"/v1/accounts/{opened.account_id}/entitlement", json=account)
        assert answer.is_success
    code, previews, _ = await opened.migrate("--refresh-plans", "--account", opened.account_id, "--send")
    assert (code, {each["plan"]["after"] for each in previews}) == (0, {"premier"})
    assert [(each["type"], each["plan"]) for each in await opened.activity()] == [
        ("entitlement_refreshed", "premier")
    ] * 2


async def test_a_migration_that_fails_reports_the_reason(opened: Open, bootstrap: str) -> None:
    """One line each on standard error, and an exit code."""
    code, previews, errors = await opened.migrate("objectives-2024", "--case", "nobody")
    assert (code, previews) == (1, [])
    assert "case nobody: the log has no such case" in errors
    code, previews, errors = await opened.migrate("objectives-2024", "--case", opened.cases[0], "--send", key="agent")
    assert code == 1
    assert previews[0]["problem"]["code"] == "migrate.intake_refused"
    assert "scope" in previews[0]["problem"]["because"]
    code, previews, errors = await opened.migrate("objectives-2024", "--case", "nobody", "--lang", "es")
    assert "caso nobody: el registro no tiene ese caso" in errors
    code, _, errors = await opened.migrate("no-such-edition", "--all")
    assert code == 2
    code, _, errors = await opened.migrate("objectives-2024")
    assert (code, errors) == (2, "choose cases: --case, --account, --from-edition or --all\n")
