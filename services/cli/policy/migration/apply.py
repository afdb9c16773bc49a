"""Previews and sends migrations: reads cases from the log, asks intake for plans, and sends activities through it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import httpx
import msgspec

from services.cli.case_log_reader import read_cases
from services.cli.kafka_errors import kafka_errors
from services.cli.options import CommandFailed
from shared.contracts.structs import ActivityRecorded
from shared.contracts.vocabulary import Plan
from shared.explain.case_log import CaseLog
from shared.explain.migration_preview import Candidate, Editions, body_of, candidate, preview, to_edition, to_plan
from shared.kafka.settings import KafkaSettings
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.published_edition import UnusableEdition
from shared.routing.entitlement import NO_ACCOUNT
from shared.sla.pinned_edition import PinnedEdition, short_of
from shared.wall_clock import utc_now

_AT_ONCE = 8  # calls to intake under way at the same time

Say = Callable[[str], None]
Preview = dict[str, Any]
Move = tuple[Candidate, list[ActivityRecorded]]


class CannotMigrate(CommandFailed):
    """Intake does not answer or refuses a call, or an edition of the log cannot be read; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Selects open cases: by id, by account, by the name of their edition, or all."""

    cases: tuple[str, ...]
    accounts: tuple[str, ...]
    editions: tuple[str, ...]
    every: bool

    @property
    def is_given(self) -> bool:
        """Whether the choice can select any case."""
        return bool(self.cases or self.accounts or self.editions or self.every)

    def has(self, of: Candidate) -> bool:
        """Whether the choice selects an open case."""
        return (
            self.every
            or of.case.case_id in self.cases
            or of.case.account_id in self.accounts
            or of.pinned.edition.edition in self.editions
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A migration to preview or send. `target` None = keep the edition; `library` has the configured editions."""

    settings: KafkaSettings
    intake: str
    key: str
    choice: Choice
    target: PinnedEdition | None
    library: EditionLibrary
    refresh_plans: bool
    send: bool


async def migrated(migration: Migration, say: Say) -> tuple[list[Preview], list[str]]:
    """The preview of each selected case that would change, and the problems with other cases.

    With `send`, each migration without a `problem` is sent, and `sent` is true in its preview. Raises CannotMigrate,
    KafkaCallFailed.
    """
    found, editions, problems = await _open_cases(migration, say)
    headers = {"Authorization": f"Bearer {migration.key}"} if migration.key else {}
    async with httpx.AsyncClient(base_url=migration.intake, headers=headers, timeout=10) as client:
        moves: list[Move] = []
        for number, of in enumerate(found, 1):
            say(f"{number} of {len(found)} cases read")
            if activities := await _activities(client, migration, of):
                moves.append((of, activities))
        now = utc_now()
        previews = [preview(of, activities, editions, now) for of, activities in moves]
        if migration.send:
            await _send(client, previews, moves, say)
    return previews, problems


async def _open_cases(migration: Migration, say: Say) -> tuple[list[Candidate], Editions, list[str]]:
    """The selected open cases in the order of their submission, the known editions, and the problems of other cases."""
    logs = await _logs(migration.settings, say)
    editions = {
        short_of(sha256): PinnedEdition(sha256, edition)
        for edition in migration.library.editions
        for sha256 in [policy_sha256(edition)]
    }
    try:
        for log in logs.values():
            editions |= log.editions()
    except UnusableEdition as error:
        raise CannotMigrate(str(error)) from None
    if migration.target is not None:
        editions[short_of(migration.target.sha256)] = migration.target
    found: list[Candidate] = []
    problems = dict.fromkeys(migration.choice.cases, "the log has no such case")
    for case_id, log in logs.items():
        of = candidate(log, editions)
        if isinstance(of, Candidate):
            problems.pop(case_id, None)
            if migration.choice.has(of):
                found.append(of)
        elif case_id in problems and log.case is not None:
            problems[case_id] = of or "the case is closed, so no clock runs"
    found.sort(key=lambda of: (of.state.opened_at, of.case.case_id))
    return found, editions, [f"case {case_id}: {why}" for case_id, why in problems.items()]


async def _logs(settings: KafkaSettings, say: Say) -> dict[str, CaseLog]:
    with kafka_errors(settings):
        return await read_cases(settings, lambda records: say(f"reading the log: {records} records"))


async def _activities(client: httpx.AsyncClient, migration: Migration, of: Candidate) -> list[ActivityRecorded]:
    """The activities to send for a case, in order; none if it has the edition and the plan already."""
    now, target = utc_now(), migration.target
    activities = []
    if target is not None and of.pinned.sha256 != target.sha256:
        activities.append(to_edition(of, target, now))
    if migration.refresh_plans and of.case.account_id is not None:
        plan = await _plan_of(client, of.case.account_id)
        if plan != of.plan:
            activities.append(to_plan(of, plan, now))
    return activities


async def _plan_of(client: httpx.AsyncClient, account_id: str) -> Plan:
    """The current plan of an account; an account without an entitlement counts as NO_ACCOUNT."""
    answer = await _call(client, "GET", f"/v1/accounts/{account_id}/entitlement")
    if answer.status_code == 404:
        return NO_ACCOUNT.plan
    if not answer.is_success:
        raise CannotMigrate(f"intake does not give the plan of account {account_id!r}: {_why(answer)}")
    return cast(Plan, answer.json()["plan"])


async def _send(client: httpx.AsyncClient, previews: list[Preview], moves: list[Move], say: Say) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def one(each: Preview, of: Candidate, activities: list[ActivityRecorded]) -> None:
        nonlocal done
        async with gate:
            each["sent"] = False
            for activity in activities if each["problem"] is None else ():
                answer = await _report(client, of, activity)
                each["sent"] = answer.is_success
                if not answer.is_success:
                    each["problem"] = f"intake refused it: {_why(answer)}"
                    break
            done += 1
            say(f"{done} of {len(moves)} cases sent")

    await asyncio.gather(*(one(each, *move) for each, move in zip(previews, moves, strict=True)))


async def _report(client: httpx.AsyncClient, of: Candidate, activity: ActivityRecorded) -> httpx.Response:
    # A second run sends the same key, so it counts once; after another activity the key is a new one.
    key = f"migrate:{activity.policy_sha256 or activity.plan}:{len(of.state.activities)}"
    path = f"/v1/cases/{of.case.case_id}/activity"
    return await _call(client, "POST", path, json=body_of(activity), headers={"Idempotency-Key": key})


async def _call(client: httpx.AsyncClient, method: str, path: str, **given: Any) -> httpx.Response:
    try:
        return await client.request(method, path, **given)
    except httpx.TransportError as error:
        where = f"intake at {client.base_url} does not answer ({type(error).__name__})"
        raise CannotMigrate(f"{where}; --intake URL sets its address") from None


def _why(answer: httpx.Response) -> str:
    """The status and the detail of a problem document."""
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.MsgspecError:
        problem = {}
    return f"{answer.status_code} {problem.get('detail') or problem.get('title') or answer.reason_phrase}"
