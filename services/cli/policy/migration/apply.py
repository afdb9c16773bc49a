"""Previews and sends migrations: reads cases from the log, asks intake for plans, and sends activities through it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import msgspec

from services.cli.case_log_reader import read_cases
from services.cli.kafka_errors import kafka_errors
from services.cli.options import CommandFailed, now_of
from services.cli.progress import ShowStep
from shared.contracts.structs import ActivityRecorded
from shared.explain.case_log import CaseLog
from shared.explain.migration_preview import Candidate, Editions, body_of, candidate, preview, to_edition, to_plan
from shared.kafka.settings import KafkaSettings
from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.policy.published_edition import UnusableEdition
from shared.sla.pinned_edition import PinnedEdition, short_of

_AT_ONCE = 8  # calls to intake under way at the same time

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
    """A migration to preview or send. `target` None = keep the edition; `library` has the configured editions.

    Errors, also those of Kafka and intake, are in the language of `messages`.
    """

    settings: KafkaSettings
    intake: str
    key: str
    choice: Choice
    target: PinnedEdition | None
    library: EditionLibrary
    refresh_plans: bool
    send: bool
    messages: Messages


async def migrated(migration: Migration, show_step: ShowStep) -> tuple[list[Preview], list[Reason]]:
    """The preview of each selected case that would change, and the problems with other cases.

    With `send`, each migration without a `problem` is sent, and `sent` is true in its preview. Raises CannotMigrate,
    KafkaCallFailed.
    """
    logs = await _logs(migration, show_step)
    now = now_of(migration.settings)  # of all of it: the cases as they are then, and what is sent for them
    found, editions, problems = _open_cases(migration, logs, now)
    headers = {"Accept-Language": migration.messages.language}
    if migration.key:
        headers["Authorization"] = f"Bearer {migration.key}"
    async with httpx.AsyncClient(base_url=migration.intake, headers=headers, timeout=10) as client:
        moves: list[Move] = []
        for number, of in enumerate(found, 1):
            show_step("migrate.cases_read", number=number, total=len(found))
            if activities := await _activities(client, migration, of, now):
                moves.append((of, activities))
        previews = [preview(of, activities, editions, now) for of, activities in moves]
        if migration.send:
            await _send(client, migration.messages, previews, moves, show_step)
    return previews, problems


def _open_cases(
    migration: Migration, logs: dict[str, CaseLog], now: datetime
) -> tuple[list[Candidate], Editions, list[Reason]]:
    """The selected open cases in the order of their submission, the known editions, and the problems of other cases."""
    editions = {
        short_of(sha256): PinnedEdition(sha256, edition)
        for edition in migration.library.editions
        for sha256 in [policy_sha256(edition)]
    }
    try:
        for log in logs.values():
            editions |= log.editions()
    except UnusableEdition as error:
        raise CannotMigrate(migration.messages("migrate.unusable_edition", problem=str(error))) from None
    if migration.target is not None:
        editions[short_of(migration.target.sha256)] = migration.target
    found: list[Candidate] = []
    problems = dict.fromkeys(migration.choice.cases, Reason("migrate.no_case"))
    for case_id, log in logs.items():
        of = candidate(log, editions, now)
        if isinstance(of, Candidate):
            problems.pop(case_id, None)
            if migration.choice.has(of):
                found.append(of)
        elif case_id in problems and log.case is not None:
            problems[case_id] = of or Reason("migrate.closed")
    found.sort(key=lambda of: (of.state.opened_at, of.case.case_id))
    return found, editions, [Reason("migrate.case_problem", case=case_id, why=why) for case_id, why in problems.items()]


async def _logs(migration: Migration, show_step: ShowStep) -> dict[str, CaseLog]:
    with kafka_errors(migration.settings, migration.messages.language):
        return await read_cases(migration.settings, lambda records: show_step("migrate.records_read", records=records))


async def _activities(
    client: httpx.AsyncClient, migration: Migration, of: Candidate, now: datetime
) -> list[ActivityRecorded]:
    """The activities to send for a case, in order; none if it has the edition and the plan already."""
    target = migration.target
    activities = []
    if target is not None and of.pinned.sha256 != target.sha256:
        activities.append(to_edition(of, target, now))
    if migration.refresh_plans and of.case.account_id is not None:
        edition = of.pinned.edition if target is None else target.edition
        plan = await _plan_of(client, migration.messages, of.case.account_id, edition)
        if plan != of.plan:
            activities.append(to_plan(of, plan, now))
    return activities


async def _plan_of(client: httpx.AsyncClient, messages: Messages, account_id: str, edition: Edition) -> str:
    """The current plan of an account; one without an entitlement counts as `edition` says."""
    answer = await _call(client, messages, "GET", f"/v1/accounts/{account_id}/entitlement")
    if answer.status_code == 404:
        return edition.not_covered.plan
    if not answer.is_success:
        raise CannotMigrate(messages("migrate.no_plan", account=account_id, answer=_why(answer)))
    return str(answer.json()["plan"])


async def _send(
    client: httpx.AsyncClient, messages: Messages, previews: list[Preview], moves: list[Move], show_step: ShowStep
) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def one(each: Preview, of: Candidate, activities: list[ActivityRecorded]) -> None:
        nonlocal done
        async with gate:
            each["sent"] = False
            for activity in activities if each["problem"] is None else ():
                answer = await _report(client, messages, of, activity)
                each["sent"] = answer.is_success
                if not answer.is_success:
                    each["problem"] = Reason("migrate.intake_refused", answer=_why(answer))
                    break
            done += 1
            show_step("migrate.cases_sent", number=done, total=len(moves))

    await asyncio.gather(*(one(each, *move) for each, move in zip(previews, moves, strict=True)))


async def _report(
    client: httpx.AsyncClient, messages: Messages, of: Candidate, activity: ActivityRecorded
) -> httpx.Response:
    # A second run sends the same key, so it counts once; after another activity the key is a new one.
    key = f"migrate:{activity.policy_sha256 or activity.plan}:{len(of.state.activities)}"
    path = f"/v1/cases/{of.case.case_id}/activity"
    return await _call(client, messages, "POST", path, json=body_of(activity), headers={"Idempotency-Key": key})


async def _call(client: httpx.AsyncClient, messages: Messages, method: str, path: str, **given: Any) -> httpx.Response:
    try:
        return await client.request(method, path, **given)
    except httpx.TransportError as error:
        where = {"address": str(client.base_url), "error": type(error).__name__}
        raise CannotMigrate(messages("migrate.no_intake", **where)) from None


def _why(answer: httpx.Response) -> str:
    """The status and the detail of a problem document, in the language of the call."""
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.MsgspecError:
        problem = {}
    return f"{answer.status_code} {problem.get('detail') or problem.get('title') or answer.reason_phrase}"
