"""The host application that the demo sign-in page plays: its private key, and the people whom it vouches for."""

import json
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from pydantic import TypeAdapter, ValidationError

from shared.identity.person import Person
from shared.kafka.settings import BadSettings

_people = TypeAdapter(tuple[Person, ...])


class DemoHost:
    """The host application that the page plays."""

    def __init__(self, key: Key, people: tuple[Person, ...]) -> None:
        self.key = key
        self.people = people


def read_demo_host(file: Path) -> DemoHost:
    """The host application of a file. Raises BadSettings."""
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return DemoHost(import_key(found["key"]), _people.validate_python(found["people"]))
    except OSError as error:
        raise BadSettings(f"FRONTLINE_DEMO_SIGN_IN_FILE={file}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, JoseError, ValidationError):
        raise BadSettings(f"FRONTLINE_DEMO_SIGN_IN_FILE={file}: is no file of a demo sign-in page") from None
