"""`frontline token`: credentials for the clients of intake. So far API keys; signed tokens come with the web form.

A new key is shown once. What intake is configured with is only its SHA-256, which opens nothing.
"""

import json
import sys
from typing import Annotated

from cyclopts import App, Parameter
from pydantic import ValidationError
from rich.console import Console

from services.intake.api_keys import ApiKey, new_key

OK, BAD_INPUT = 0, 2

app = App(name="token", help="Make API keys for the clients of intake.", result_action="return_value")

Json = Annotated[bool, Parameter(name="--json", negative="", help="JSON for programs instead of text for people.")]

Flag = Annotated[bool, Parameter(negative="")]


@app.command
def key(
    name: str, *, scopes: str = "submit", rate: str = "100/second", no_limit: Flag = False, as_json: Json = False
) -> int:
    """Make an API key, show it once, and show the entry for FRONTLINE_API_KEYS that admits it.

    Parameters
    ----------
    name
        Of the client. It stands in events, and the same Idempotency-Key of two clients means two requests.
    scopes
        What the key may do, with commas: submit, activity, backfill, admin.
    rate
        How often it may be used, such as 100/second or 20/minute.
    no_limit
        As often as it likes.
    """
    secret, digest = new_key()
    wanted = {
        "name": name,
        "sha256": digest,
        "scopes": [scope.strip() for scope in scopes.split(",")],
        "rate": None if no_limit else rate,
    }
    try:
        entry = ApiKey.model_validate(wanted)
    except ValidationError as error:
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        for detail in error.errors(include_url=False, include_input=False):
            console.print(f"{detail['loc'][0]}: {detail['msg'].removeprefix('Value error, ')}", markup=False)
        return BAD_INPUT
    data = entry.model_dump(mode="json")
    if as_json:
        print(json.dumps({"key": secret, "entry": data}))
        return OK
    print(f"{secret}\n{json.dumps(data)}")
    print(
        "The key is shown once. The line after it admits the key: an entry of the list FRONTLINE_API_KEYS, or of the "
        "file that FRONTLINE_API_KEYS_FILE names.",
        file=sys.stderr,
    )
    return OK
