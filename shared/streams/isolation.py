"""[pure] Isolation: what fails alone, such as one case, is set apart by name and retried; all else runs on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

RETRIED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Isolation:
    """A transaction isolates something, or ends its isolation: `ids` name it, such as `case_id`.

    `error` is why, and it is retried after `until`. None: the retry has succeeded, and the isolation ends.
    """

    ids: Mapping[str, str]
    error: Exception | None = None
    until: datetime | None = None
