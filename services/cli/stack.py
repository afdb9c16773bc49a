"""What the compose stack makes for itself: its secret of ids and, for development, its demo sign-in and demo accounts.

    python -m services.cli.stack make FOLDER PROGRAM ARGUMENTS...   # makes it, and runs the program with it
    python -m services.cli.stack run FOLDER PROGRAM ARGUMENTS...    # runs the program with what was made
    python -m services.cli.stack accounts                           # loads the demo accounts by the calls of intake

`docker-compose.yml` starts its services with it. What was made is in variables of the environment, so the services
check it as they check any other setting. A stack is for development while it admits the development key and has no
host applications of its own; any other has no demo sign-in, and no demo accounts.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from services.cli.call_intake import load_accounts
from services.cli.demo_accounts import accounts_for
from services.cli.demo_people import FILE, demo_sign_in, has_applications, people_for
from services.cli.development_key import admits_everybody, is_meant, refuse_hosts_of_others
from services.cli.id_secret import id_secret
from services.cli.options import BAD_INPUT, CommandFailed, report
from services.cli.private_file import write_private
from shared.policy.mistakes import PolicyError
from shared.policy.settings import PolicySettings
from shared.settings import BadSettings, load
from shared.wall_clock import utc_now
from shared.web.development_key import DEVELOPMENT_KEY

HOSTS_FILE = "token-hosts.json"
OWN_HOSTS = frozenset(("intake", "board"))  # by which its containers call each other, and nobody else calls them
_OWN_APPLICATIONS = (
    "FRONTLINE_TOKEN_HOSTS has host applications of your own, and FRONTLINE_API_KEYS admits the key "
    f"{DEVELOPMENT_KEY}, which everybody knows: set FRONTLINE_API_KEYS to keys of your own (`frontline token key NAME "
    "--scopes submit` makes one), or FRONTLINE_DEVELOPMENT_ANYWHERE=true where something else keeps others out"
)
_IS_ON = "The demo sign-in page is on: whoever reaches intake or the board can be any of its people"
_USAGE = "usage: python -m services.cli.stack (make|run) FOLDER PROGRAM ARGUMENTS..., or accounts"


def is_for_development(environment: Mapping[str, str]) -> bool:
    """Whether it admits the key that everybody knows, and has no host applications of its own."""
    return admits_everybody(environment) and not has_applications(environment)


def refuse_others(environment: Mapping[str, str]) -> None:
    """Raise CommandFailed if a stack with the key that everybody knows is for others than who started it: it has host
    applications of its own, or answers for a name by which others may come (HostsOfOthers).

    Not if FRONTLINE_DEVELOPMENT_ANYWHERE says that something keeps them out.
    """
    if admits_everybody(environment):
        if has_applications(environment) and not is_meant(environment):
            raise CommandFailed(_OWN_APPLICATIONS, BAD_INPUT)
        refuse_hosts_of_others(environment, OWN_HOSTS)


def make(environment: Mapping[str, str], folder: Path) -> None:
    """Make in `folder` what the stack of this environment needs, and remove what it must not have.

    A secret and a key that are there already stay: ids and sign-ins outlive a restart. With wrong editions the demo
    sign-in stays as it was; the services name the mistakes, and do not start.
    """
    id_secret(folder)
    if is_for_development(environment):
        try:
            library = load(PolicySettings).editions()
        except (BadSettings, PolicyError):
            return
        _, host = demo_sign_in(folder, people_for(library, utc_now()))
        write_private(folder / HOSTS_FILE, json.dumps([host]))
    else:
        for name in (FILE, HOSTS_FILE):
            (folder / name).unlink(missing_ok=True)


def settings_of_the_stack(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables that a program of the stack gets beside those of its environment, by what was made in `folder`."""
    found: dict[str, str] = {}
    if admits_everybody(environment):
        # In a container a service has to listen on every address: the ports of the stack keep others out.
        found["FRONTLINE_DEVELOPMENT_ANYWHERE"] = "true"
    if not environment.get("FRONTLINE_ID_SECRET"):
        found["FRONTLINE_ID_SECRET"] = id_secret(folder)
    page, hosts = folder / FILE, folder / HOSTS_FILE
    if is_for_development(environment) and page.exists() and hosts.exists():
        found |= {"FRONTLINE_DEMO_SIGN_IN_FILE": str(page), "FRONTLINE_TOKEN_HOSTS_FILE": str(hosts)}
    return found


async def load_demo_accounts(environment: Mapping[str, str]) -> int:
    """Load the accounts of the people of the demo sign-in page, if there is one; returns how many.

    Raises CommandFailed if intake does not take them.
    """
    if not is_for_development(environment):
        return 0
    accounts = accounts_for(load(PolicySettings).editions().editions)
    headers = {"Authorization": f"Bearer {DEVELOPMENT_KEY}"}
    url = environment["FRONTLINE_INTAKE_URL"]
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=10, trust_env=False) as client:
        await load_accounts(client, accounts)
    return len(accounts)


def main(words: list[str]) -> int:
    """Run one of the three commands above; returns the exit code, unless a program takes the place of this one."""
    match words:
        case ["accounts"]:
            try:
                print(f"{asyncio.run(load_demo_accounts(os.environ))} demo accounts are loaded")
            except (CommandFailed, BadSettings, PolicyError) as error:  # the stack does without them
                print(f"the demo accounts are not loaded: {error}", file=sys.stderr)
            return 0
        case ["make" | "run" as what, folder, program, *arguments]:
            try:
                refuse_others(os.environ)
            except CommandFailed as error:
                return report(error)
            if what == "make":
                make(os.environ, Path(folder))
            found = settings_of_the_stack(os.environ, Path(folder))
            if what == "make" and "FRONTLINE_DEMO_SIGN_IN_FILE" in found:
                print(_IS_ON, file=sys.stderr, flush=True)
            os.execvpe(program, [program, *arguments], {**os.environ, **found})  # noqa: S606 - signals reach it as its own
    print(_USAGE, file=sys.stderr)
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
