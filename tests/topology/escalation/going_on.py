"""An escalation task that takes over what an earlier one has saved: in this process or in another."""

import sys
from datetime import datetime, timedelta

import msgspec

from services.escalation.edition_store import EditionStore
from services.escalation.topology import SERVICE, EscalationTopology
from shared.contracts.topics import ACTIVITY
from shared.policy.model import Edition
from tests.harness.topology_driver import TopologyDriver


class Saved(msgspec.Struct):
    """The changelogs of a task, and what comes next: activity on one case, each after so many minutes."""

    now: datetime
    changelogs: dict[str, dict[bytes, bytes]]
    case_id: str
    activity: list[tuple[float, bytes, list[tuple[str, bytes]]]]


class Outcome(msgspec.Struct):
    """What was published, and the causes of dead letters."""

    published: list[bytes]
    dead_letters: list[str]
    failed_timers: int


class NoEditions:
    """Nothing is configured: only what is saved counts."""

    @property
    def editions(self) -> tuple[Edition, ...]:
        """None."""
        return ()

    def by_digest(self, sha256: str) -> Edition | None:
        """None."""
        del sha256
        return None


def go_on(saved: Saved) -> Outcome:
    """Take over, let the activity come in its time, then a day pass."""
    driver = TopologyDriver(
        lambda _: EscalationTopology(EditionStore(NoEditions()), partitions=1, trace=lambda parent: parent or ""),
        service=SERVICE,
        now=saved.now,
    )
    driver.changelogs.update({store: dict(kept) for store, kept in saved.changelogs.items()})
    driver.restart()
    for minutes, value, headers in saved.activity:
        driver.advance_to(driver.now + timedelta(minutes=minutes))
        driver.pipe(ACTIVITY, saved.case_id, value, tuple(headers))
    driver.advance_to(driver.now + timedelta(days=1))
    return Outcome(
        [output.value or b"" for output in driver.outputs()],
        [f"{letter.cause}: {letter.message}" for letter in driver.dead_letters],
        driver.processor.postponed().timers,
    )


if __name__ == "__main__":
    outcome = go_on(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Saved))
    sys.stdout.buffer.write(msgspec.msgpack.encode(outcome))
