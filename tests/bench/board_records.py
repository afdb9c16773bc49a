"""Records of many open cases: those of some cases that both services really decided, under other ids and accounts."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from random import Random

from services.cli.demo.traffic import varied
from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.contracts.structs import Account, Contact, Requester
from shared.contracts.topics import ACTIVITY, CASES, EDITIONS, ESCALATIONS, REQUESTS
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Record
from shared.wall_clock import utc_now
from tests.harness.recording import Recording
from tests.harness.shipped import shipped_library

PATTERNS = 300  # cases that are decided
ACCOUNTS = 5_000
_WORDS = 20_000
_ID = re.compile(rb'"(?:case|request)_id":"([0-9a-f]{32})"')
_TEXT = b"what is written here"


@dataclass(frozen=True)
class Patterns:
    """What the services wrote about each of some cases, and the editions."""

    cases: tuple[tuple[Record, ...], ...]
    editions: tuple[Record, ...]
    replies: tuple[Record, ...]  # of a customer and of an agent, for the first of the cases


def patterns() -> Patterns:
    """Decide some cases as of now, with a reply on every third of them."""
    recording = Recording(shipped_library("guidelines-2021"))
    recording.now = utc_now() - timedelta(minutes=30)
    for account_id, body in DEMO_ACCOUNTS.items():
        contacts = tuple(Contact(**each) for each in body["contacts"])
        recording.sets_entitlement(Account(account_id=account_id, **{**body, "contacts": contacts}))
    for number, ask in enumerate(islice(varied("board"), PATTERNS), 1):
        body = {name: value for name, value in ask.body.items() if name != "phone"}
        case = recording.asks(
            number,
            **{
                **body,
                "requester": Requester(**body["requester"]),
                "description": _TEXT.decode(),
                "channel": "web_ticket",
            },
        )
        recording.runs()
        if number % 3 == 0:
            recording.record_activity("customer_replied", case, text=_TEXT.decode())
        recording.runs()
    for kind in ("customer_replied", "agent_replied"):
        recording.record_activity(kind, f"{1:032x}", text=_TEXT.decode())
    records = [each for topic in (REQUESTS, CASES, ACTIVITY, ESCALATIONS) for each in recording.published(topic)]
    by_case: dict[bytes, list[Record]] = defaultdict(list)
    for each in records:
        found = _ID.search(each.value or b"")
        assert found is not None
        by_case[found[1]].append(each)
    of_cases = [by_case[f"{number:032x}".encode()] for number in range(1, PATTERNS + 1)]
    replies = tuple(each for each in of_cases[0] if each.topic == ACTIVITY.name)
    of_cases[0] = [each for each in of_cases[0] if each not in replies]
    return Patterns(tuple(map(tuple, of_cases)), tuple(recording.published(EDITIONS)), replies)


class Copies:
    """Copies of patterns: case `number` has an id of its own, one of the accounts, and words of its own."""

    def __init__(self, given: Patterns, partitions: int) -> None:
        self._given, self._partitions = given, partitions

    def case(self, number: int) -> Iterator[Record]:
        """The records of a case, as they were written."""
        pattern = number % PATTERNS
        for record in self._given.cases[pattern]:
            yield self._copy(record, pattern, number, record.topic)

    def topics(self, number: int, replies: int) -> Counter[str]:
        """How many records of each topic that case has, with so many replies."""
        counted = Counter(record.topic for record in self._given.cases[number % PATTERNS])
        return counted + Counter({ACTIVITY.name: replies})

    def reply(self, number: int, serial: int) -> Record:
        """A further reply on it, the customer's and the agent's by turns."""
        return self._copy(self._given.replies[serial % 2], 0, number, f"reply {serial}", serial)

    def _copy(self, record: Record, pattern: int, number: int, seed: str, serial: int | None = None) -> Record:
        old, new = f"{pattern + 1:032x}".encode(), id_of(number).encode()
        account = f"{account_of(number)}-".encode()
        swap = [(old, new), (b"demo-", account), (_TEXT, _words(f"{number} {seed}"))]
        if serial is not None:
            swap.append((b'"activity_id":"', b'"activity_id":"%x-' % serial))
        key, value = record.key or b"", record.value or b""
        for before, after in swap:
            key, value = key.replace(before, after), value.replace(before, after)
        headers = tuple((name, data.replace(old, new)) for name, data in record.headers)
        return replace(record, partition=partition_for(key, self._partitions), key=key, value=value, headers=headers)


def id_of(number: int) -> str:
    """The id of a copy."""
    return f"b0a2d{number:027x}"


def account_of(number: int) -> str:
    """The beginning of the account that has it; what the pattern's account is called follows."""
    return f"a{number % ACCOUNTS}"


def _words(seed: str) -> bytes:
    chance = Random(seed)
    return " ".join(f"w{min(chance.randrange(_WORDS), chance.randrange(_WORDS))}" for _ in range(24)).encode()
