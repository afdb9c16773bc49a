"""`frontline policy migrate`: migrates open cases to another edition or to the current plan of their accounts.

A change of a policy, a calendar or an account does not affect open cases. This command sends the activity that applies
the change to the selected cases, through intake. Without --send it only shows what would change.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from services.cli.options import BAD_INPUT, CommandFailed, Folder, Kafka, Lang, chosen_system, report
from services.cli.policy.migration.apply import Choice, Migration, migrated
from services.cli.policy.migration.view import as_data, show
from services.cli.printable import printable
from services.cli.progress import Progress
from shared.kafka.settings import BadSettings, load
from shared.messages.catalogues import messages_in
from shared.policy.digest import policy_sha256
from shared.policy.files import load_edition
from shared.policy.mistakes import PolicyError
from shared.policy.settings import PolicySettings
from shared.sla.pinned_edition import PinnedEdition

DONE, REFUSED = 0, 1
USUAL_INTAKE = "http://localhost:8080"
KEY = "FRONTLINE_KEY"  # not an option: others can see a command line

Names = Annotated[tuple[str, ...], Parameter(negative="")]
Flag = Annotated[bool, Parameter(negative="")]
Json = Annotated[
    bool, Parameter(name="--json", negative="", help="JSON lines for programs instead of text for people.")
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
    intake: Annotated[str | None, Parameter(env_var="FRONTLINE_URL")] = None,
    policies: Folder = None,
    lang: Lang = None,
    as_json: Json = False,
) -> int:
    """Show what another edition would change for open cases; with --send, migrate them.

    The clocks of a case count again from its submission by the terms of the edition, with the same pauses; published
    breaches stay. FRONTLINE_KEY holds the key of an admin. FRONTLINE_POLICIES of escalation must list the edition.

    Parameters
    ----------
    edition
        The name or file of the new edition; optional with --refresh-plans.
    case
        The case with this id; may be repeated.
    account
        The open cases of this account; may be repeated.
    from_edition
        The open cases whose edition has this name; may be repeated.
    every
        All open cases.
    refresh_plans
        Also set the plan of each case to the current plan of its account.
    send
        Send the migrations. Without it, nothing changes.
    intake
        The URL of intake. By default that of the `frontline up` whose Kafka is taken, else http://localhost:8080.
    lang
        The language of the output. Words of the editions, such as plans and priorities, stay as they are.
    """
    messages = messages_in(lang)
    choice = Choice(cases=case, accounts=account, editions=from_edition, every=every)
    if problem := _problem(edition, choice, refresh_plans=refresh_plans, send=send):
        print(messages(problem, variable=KEY), file=sys.stderr)
        return BAD_INPUT
    try:
        pinned = None if edition is None else _pinned(edition, policies)
        library = load(PolicySettings, **({} if policies is None else {"policy_dir": policies})).editions()
        settings, note = chosen_system(kafka, lang)
        migration = Migration(
            settings=settings,
            intake=intake or (USUAL_INTAKE if note is None else note.urls["intake"]),
            key=os.environ.get(KEY, ""),
            choice=choice,
            target=pinned,
            library=library,
            refresh_plans=refresh_plans,
            send=send,
            messages=messages,
        )
    except CommandFailed as failed:
        return report(failed)
    except (BadSettings, PolicyError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    try:
        with Progress() as progress:
            previews, problems = asyncio.run(
                migrated(migration, lambda code, /, **facts: progress.update(messages(code, **facts)))
            )
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        for each in previews:
            print(msgspec.json.encode(as_data(each, messages)).decode())
    else:
        show(previews, Console(soft_wrap=True, highlight=False), messages, sent=send)
    for reason in problems:
        print(printable(messages.reason(reason)), file=sys.stderr)
    return REFUSED if problems or any(each["problem"] for each in previews) else DONE


def _problem(edition: str | None, choice: Choice, *, refresh_plans: bool, send: bool) -> str:
    """The code of the first problem with the arguments, or ""."""
    if edition is None and not refresh_plans:
        return "migrate.needs_edition"
    if not choice.is_given:
        return "migrate.needs_cases"
    if (send or refresh_plans) and not os.environ.get(KEY):
        return "migrate.needs_key"
    return ""


def _pinned(name: str, policies: Path | None) -> PinnedEdition:
    edition = load_edition(name, policies)
    return PinnedEdition(policy_sha256(edition), edition)
