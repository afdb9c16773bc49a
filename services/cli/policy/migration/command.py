"""`frontline policy migrate`: give open cases another edition, or the plan that their accounts have now.

An edit of a policy, a calendar or an account reaches no open case by itself. This command sends the activity that does,
through intake, for the cases that were chosen; without --send it only shows what would change.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from services.cli.options import CommandFailed, Kafka, report
from services.cli.policy.migration.apply import Choice, Migration, migrated
from services.cli.policy.migration.view import show
from services.cli.progress import Progress
from shared.kafka.settings import BadSettings, KafkaSettings, load
from shared.policy.digest import policy_sha256
from shared.policy.files import load_edition, load_library
from shared.policy.mistakes import PolicyError
from shared.policy.settings import PolicySettings
from shared.sla.pinned_edition import PinnedEdition

DONE, REFUSED, BAD_INPUT = 0, 1, 2
KEY = "FRONTLINE_KEY"  # not an option: others can see a command line

Names = Annotated[tuple[str, ...], Parameter(negative="")]
Flag = Annotated[bool, Parameter(negative="")]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help="JSON lines for programs instead of text for people.")
]
Folder = Annotated[
    Path | None,
    Parameter(name="--policies", env_var="FRONTLINE_POLICY_DIR", help="Where editions are looked up by name."),
]


def migrate(
    edition: str | None = None,
    *,
    case: Names = (),
    account: Names = (),
    from_edition: Names = (),
    every: Annotated[bool, Parameter(name="--all", negative="")] = False,
    refresh_plans: Flag = False,
    send: Flag = False,
    kafka: Kafka = None,
    intake: Annotated[str, Parameter(env_var="FRONTLINE_URL")] = "http://localhost:8080",
    policies: Folder = None,
    as_json: Json = False,
) -> int:
    """Show what another edition would change for open cases, and with --send give it to them.

    A case counts again from its submission by the terms of the edition, its pauses kept; what was judged before stays
    judged. FRONTLINE_KEY holds the key of an admin. Escalation must have the edition in its FRONTLINE_POLICIES.

    Parameters
    ----------
    edition
        The name or file of the edition to go to; may be left out with --refresh-plans.
    case
        This case; may be given several times.
    account
        The open cases of this account; may be given several times.
    from_edition
        The open cases that count by the edition of this name now; may be given several times.
    every
        All open cases.
    refresh_plans
        Also give each case the plan that its account has now.
    send
        Do it. Without, nothing is changed.
    intake
        Where intake is.
    """
    choice = Choice(cases=case, accounts=account, editions=from_edition, every=every)
    if wrong := _wrong(edition, choice, refresh_plans=refresh_plans, send=send):
        print(wrong, file=sys.stderr)
        return BAD_INPUT
    try:
        migration = Migration(
            settings=load(KafkaSettings) if kafka is None else load(KafkaSettings, kafka_bootstrap=kafka),
            intake=intake,
            key=os.environ.get(KEY, ""),
            choice=choice,
            target=None if edition is None else _pinned(edition, policies),
            library=load_library(load(PolicySettings).policies, policies),
            refresh_plans=refresh_plans,
            send=send,
        )
    except (BadSettings, PolicyError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    try:
        with Progress() as progress:
            told, problems = asyncio.run(migrated(migration, progress.update))
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        for each in told:
            print(msgspec.json.encode(each).decode())
    else:
        show(told, Console(soft_wrap=True, highlight=False), sent=send)
    for problem in problems:
        print(problem, file=sys.stderr)
    return REFUSED if problems or any(each["problem"] for each in told) else DONE


def _wrong(edition: str | None, choice: Choice, *, refresh_plans: bool, send: bool) -> str:
    """What is wrong with the arguments, or ""."""
    if edition is None and not refresh_plans:
        return "name the edition to go to, or say --refresh-plans"
    if not choice.says_something:
        return "choose cases: --case, --account, --from-edition or --all"
    if (send or refresh_plans) and not os.environ.get(KEY):
        return f"{KEY} is not set: it has to hold the key of an admin"
    return ""


def _pinned(name: str, policies: Path | None) -> PinnedEdition:
    edition = load_edition(name, policies)
    return PinnedEdition(policy_sha256(edition), edition)
