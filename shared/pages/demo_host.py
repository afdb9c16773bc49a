"""The host application that the demo sign-in page plays: its private key, and the people whom it vouches for."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from pydantic import TypeAdapter, ValidationError

from shared.identity.minting import mint
from shared.identity.person import Person
from shared.identity.signed_tokens import TokenRefused
from shared.kafka.settings import BadSettings
from shared.messages.catalogues import messages_in
from shared.observability.logs import get_logger
from shared.wall_clock import utc_now
from shared.web.callers import Callers

_log = get_logger()
_people = TypeAdapter(tuple[Person, ...])


class DemoHost(NamedTuple):
    """The host application that the page plays."""

    key: Key
    people: tuple[Person, ...]


def read_demo_host(file: Path, callers: Callers, audience: str) -> DemoHost:
    """The host application of a file, whose tokens `callers` admit. Raises BadSettings. It is said in the log."""
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        host = DemoHost(import_key(found["key"]), _people.validate_python(found["people"]))
        for person in host.people:
            callers.signed_in(mint(host.key, person, audience, utc_now()))
    except OSError as error:
        raise BadSettings(f"FRONTLINE_DEMO_SIGN_IN_FILE={file}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, JoseError, ValidationError):
        raise BadSettings(f"FRONTLINE_DEMO_SIGN_IN_FILE={file}: is no file of a demo sign-in page") from None
    except TokenRefused as error:
        reason = messages_in()(error.code, **error.facts)
        raise BadSettings(
            f"FRONTLINE_DEMO_SIGN_IN_FILE={file}: FRONTLINE_TOKEN_HOSTS does not admit its people: {reason}"
        ) from None
    _log.warning(
        "The demo sign-in page is on: whoever reaches the pages can be any of its people",
        action="demo_sign_in.on",
        people=len(host.people),
    )
    return host
