"""One event of each type, as Frontline published it: for tests of a consumer without Kafka.

The files beside this one are records of a real system. `testkit/record_samples.py` of Frontline writes them.
"""

import json
from functools import cache
from importlib import resources
from typing import Any, TypeVar, overload

from frontline_testkit.event import Event, Kind, full_type, read, short_type
from frontline_testkit.events import TYPES
from frontline_testkit.model import Data

D = TypeVar("D", bound=Data)


@overload
def load(type: type[D]) -> Event[D]: ...
@overload
def load(type: str) -> Event[Any]: ...
def load(type: Kind) -> Event[Any]:  # noqa: A002 - as in Frontline.wait_for
    """The sample of a type, which is a name such as "escalation.raised" or a class of `frontline_testkit.events`.

    `changed` of the event makes others of it. Raises UnknownType.
    """
    return _loaded(full_type(type))


def names() -> list[str]:
    """The short names of all types."""
    return [short_type(ce_type) for ce_type in TYPES]


@cache
def _loaded(ce_type: str) -> Event[Data]:
    file = resources.files(__name__).joinpath(f"{short_type(ce_type)}.json")
    sample = json.loads(file.read_text(encoding="utf-8"))
    headers = ((name, value.encode()) for name, value in sample["headers"].items())
    value = json.dumps(sample["value"], ensure_ascii=False, separators=(",", ":")).encode()
    return read(sample["topic"], sample["key"], headers, value)
