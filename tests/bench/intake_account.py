"""Whether what intake has accepted is in Kafka: each request once, and decided once. Nothing lost, nothing doubled."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shared.contracts.structs import CaseRouted, SupportRequestSubmitted
from shared.contracts.topics import CASES, REQUESTS, dead_letter
from shared.kafka import serde
from shared.kafka.committed_reader import read_to_end
from shared.kafka.settings import KafkaSettings
from tests.bench.intake_clients import Outcome

E = TypeVar("E")
DECIDED_WITHIN = 60.0  # seconds from the last answer to the last decision


@dataclass(frozen=True)
class Account:
    """What the topics have: the records of each request and the decisions on each, by id, and the dead letters."""

    records: Counter[str]
    contents: Counter[str]  # how many different submissions an id has: one, unless two calls were taken for one
    decisions: Counter[str]
    dead_letters: int

    @property
    def repeated(self) -> int:
        """Records of requests that are in the topic already: a call was repeated before intake could know it."""
        return sum(self.records.values()) - len(self.records)

    def wrong(self, outcomes: Sequence[Outcome], *, once: bool) -> Iterator[str]:
        """What was lost or counted twice, in words. `once`: each request is also written once.

        Without it a request may be in the topic again under its id, after an outage in which nobody could know whether
        the first record had been written. The router drops that.
        """
        accepted = Counter(outcome.request_id for outcome in outcomes if outcome.request_id is not None)
        found = {
            "submissions refused": sum(outcome.request_id is None for outcome in outcomes),
            "ids given to two submissions": sum(count > 1 for count in accepted.values()),
            "requests accepted and not in the topic": len(accepted.keys() - self.records.keys()),
            "requests in the topic that no client knows of": len(self.records.keys() - accepted.keys()),
            "requests with two contents": sum(count > 1 for count in self.contents.values()),
            "requests accepted and not decided": len(accepted.keys() - self.decisions.keys()),
            "requests decided twice": sum(count > 1 for count in self.decisions.values()),
            "requests decided that are not in the topic": len(self.decisions.keys() - self.records.keys()),
            "requests dead-lettered": self.dead_letters,
        }
        if once:
            found["records of requests that are in the topic already"] = self.repeated
        return (f"{count:,} {what}" for what, count in found.items() if count)


async def account_of(settings: KafkaSettings, outcomes: Sequence[Outcome]) -> Account:
    """What the topics have once all that was accepted is decided, or after DECIDED_WITHIN seconds."""
    accepted = {outcome.request_id for outcome in outcomes if outcome.request_id is not None}
    deadline = asyncio.get_running_loop().time() + DECIDED_WITHIN
    while True:
        decisions = Counter([event.case_id async for event in events_in(settings, CASES.name, CaseRouted)])
        if accepted <= decisions.keys() or asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.5)
    requests = [event async for event in events_in(settings, REQUESTS.name, SupportRequestSubmitted)]
    different = {(event.request_id, event.submission_digest) for event in requests}
    letters = [record async for record in read_to_end(settings, [dead_letter(REQUESTS).name])]
    return Account(
        records=Counter(event.request_id for event in requests),
        contents=Counter(request_id for request_id, _ in different),
        decisions=decisions,
        dead_letters=len(letters),
    )


async def events_in(settings: KafkaSettings, topic: str, kind: type[E]) -> AsyncIterator[E]:
    """The events of that kind in a topic, read to its end."""
    async for record in read_to_end(settings, [topic]):
        event = serde.decode(record)[1]
        if isinstance(event, kind):
            yield event
