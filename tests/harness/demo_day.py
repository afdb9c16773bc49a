"""`python -m tests.harness.demo_day FILE`: a recorded day of the demo's requests, the same in every run.

The requests are those of `frontline demo`, one every three minutes from Monday noon on; agents answer sooner or later.
`frontline policy backtest` and `frontline replay` read the file; docs/backtest.md shows what they say of it.
"""

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from services.cli.demo.traffic import Ask, varied
from services.cli.demo_accounts import DEMO_ACCOUNTS
from services.replay.log_file import lines_of
from shared.contracts.structs import Account, Contact, Requester
from tests.harness.asking import MONDAY_NOON
from tests.harness.recording import Recording
from tests.harness.shipped import shipped_library

ENDS = MONDAY_NOON + timedelta(hours=24)
REQUESTS = 400
_EVERY = timedelta(minutes=3)
# Minutes until an agent replies, and from there until the service is restored and the case is resolved; for the
# cases in turn. 0 = it does not happen on this day.
_REPLIES = (8, 35, 50, 15, 95, 3, 210, 55, 20, 400, 0)
_RESTORED = (100, 150, 0, 200, 45, 500, 230)
_WRITES_AGAIN = 5  # every so many customers write again half an hour after the reply


class _Happening(NamedTuple):
    at: datetime
    number: int
    kind: str


@cache
def demo_day() -> Recording:
    """The day, as the guidelines decided it. All who ask have the same one: to be read, and not to be gone on with."""
    recording = Recording(shipped_library("guidelines-2021"), partitions=3)
    for account_id, body in DEMO_ACCOUNTS.items():
        contacts = tuple(Contact(**each) for each in body["contacts"])
        recording.sets_entitlement(Account(account_id=account_id, **{**body, "contacts": contacts}))
    asks = list(islice(varied("day"), REQUESTS))
    for happening in sorted(_happenings()):
        recording.passes(happening.at - recording.now)
        if happening.kind == "asks":
            recording.asks(happening.number, **_request(asks[happening.number - 1]))
        else:
            recording.record_activity(happening.kind, f"{happening.number:032x}")
        recording.runs()
    recording.passes(ENDS - recording.now)
    recording.record_activity("internal_note", f"{1:032x}")  # the last record is the end of the day
    return recording


def _happenings() -> Iterator[_Happening]:
    for number in range(1, REQUESTS + 1):
        asked = MONDAY_NOON + _EVERY * number
        replies, restored = _REPLIES[number % len(_REPLIES)], _RESTORED[number % len(_RESTORED)]
        found = [_Happening(asked, number, "asks")]
        if replies:
            replied = asked + timedelta(minutes=replies)
            found.append(_Happening(replied, number, "agent_replied"))
            if number % _WRITES_AGAIN == 0:
                found.append(_Happening(replied + timedelta(minutes=30), number, "customer_replied"))
            if restored:
                found.append(_Happening(replied + timedelta(minutes=restored), number, "restored"))
                found.append(_Happening(replied + timedelta(minutes=restored + 10), number, "resolved"))
        yield from (each for each in found if each.at < ENDS)


def _request(ask: Ask) -> dict[str, Any]:
    body = {name: value for name, value in ask.body.items() if name != "phone"}
    return {**body, "requester": Requester(**body["requester"])}


def main(arguments: list[str]) -> int:
    """Write the day to the file that is named."""
    if len(arguments) != 1:
        print(f"usage: python -m {__spec__.name} FILE", file=sys.stderr)
        return 2
    with demo_day().log() as log, Path(arguments[0]).open("wb") as file:
        file.writelines(lines_of(log))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
