"""`frontline token`: makes API keys for clients of intake, keys and tokens of host applications, the secret of ids.

A new key is shown once. Intake is configured with its SHA-256, from which the key cannot be recovered.
"""

import json
import secrets
import sys

from cyclopts import App
from pydantic import ValidationError
from rich.console import Console

from services.cli import token_people
from services.cli.options import BAD_INPUT, Flag, Json
from shared.web.api_keys import ApiKey, new_key

OK = 0

app = App(
    name="token",
    help="Create API keys, signed tokens, and the secret of ids.",
    result_action="return_value",
)
app.command(token_people.host)
app.command(token_people.person)


@app.command
def key(
    name: str,
    *,
    scopes: str = "submit",
    actor: str | None = None,
    rate: str = "100/second",
    no_limit: Flag = False,
    as_json: Json = False,
) -> int:
    """Create an API key; print it once, and its entry for FRONTLINE_API_KEYS.

    Parameters
    ----------
    name
        Name of the client. It is part of events; Idempotency-Keys of different clients are independent.
    scopes
        What the key may do, separated by commas: submit, agent, backfill, admin.
    actor
        Who acts with the key: customer, agent, bot, system. By default an agent with scope agent, else a customer.
    rate
        Rate limit, such as 100/second or 20/minute.
    no_limit
        No rate limit.
    """
    secret, digest = new_key()
    values = {
        "name": name,
        "sha256": digest,
        "scopes": [scope.strip() for scope in scopes.split(",")],
        "rate": None if no_limit else rate,
        "actor": actor,
    }
    try:
        entry = ApiKey.model_validate(values)
    except ValidationError as error:
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        for detail in error.errors(include_url=False, include_input=False):
            console.print(f"{detail['loc'][0]}: {detail['msg'].removeprefix('Value error, ')}", markup=False)
        return BAD_INPUT
    data = entry.model_dump(mode="json", exclude=set() if actor else {"actor"})
    if as_json:
        print(json.dumps({"key": secret, "entry": data}))
        return OK
    print(f"{secret}\n{json.dumps(data)}")
    print(
        "The key is shown only once. Add the line after it to the list in FRONTLINE_API_KEYS, or in the file that "
        "FRONTLINE_API_KEYS_FILE names, so that intake accepts the key.",
        file=sys.stderr,
    )
    return OK


@app.command(name="secret")
def id_secret() -> int:
    """Print a new secret for FRONTLINE_ID_SECRET, with which intake makes and verifies ids."""
    print(secrets.token_urlsafe(32))
    print(
        "Put it into FRONTLINE_ID_SECRET of every intake. To replace a secret, see the rotation in docs/operations.md.",
        file=sys.stderr,
    )
    return OK
