"""Faults at our own port: transactions that fail where the test says, on a real Kafka."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiokafka.errors import KafkaConnectionError, KafkaError

from shared.kafka.client import Place
from shared.kafka.record import Output
from shared.streams.positions import Committed
from shared.streams.record_batches import Marker
from shared.streams.runtime import Runtime
from shared.streams.transaction import KafkaTransactions, Sent, Transactions

Step = Literal["start", "begin", "send", "send_offsets", "commit"]


@dataclass(frozen=True)
class Fault:
    """Fail at `step`: before it does anything, or after it has (its answer is lost). `skip` lets so many pass first.

    With `dies` nothing is aborted afterwards: the transaction stays open until a successor fences it. `also` happens
    at the same instant; with `silent` that is all, and the step itself does not fail.
    """

    step: Step
    when: Literal["before", "after"]
    dies: bool = False
    skip: int = 0
    also: Callable[[], None] | None = None
    silent: bool = False

    def __str__(self) -> str:
        return f"{self.when}-{self.step}{'-and-dies' if self.dies else ''}"


@dataclass
class Plan:
    """The faults still to come, and those that have happened."""

    faults: deque[Fault]
    happened: list[Fault] = field(default_factory=list)
    _skipped: int = 0

    def due(self, step: Step, when: str) -> Fault | None:
        """The next fault, if it belongs here."""
        if not self.faults or (self.faults[0].step, self.faults[0].when) != (step, when):
            return None
        if self._skipped < self.faults[0].skip:
            self._skipped += 1
            return None
        self._skipped = 0
        self.happened.append(self.faults.popleft())
        return self.happened[-1]


class FaultyTransactions:
    """Real transactions with faults from a plan."""

    def __init__(self, real: Transactions, plan: Plan) -> None:
        self._real = real
        self._plan = plan
        self._dead = False

    @property
    def producer_id(self) -> int:
        """The real one's."""
        return self._real.producer_id

    @property
    def lost(self) -> KafkaError | None:
        """The real one's."""
        return self._real.lost

    async def settle(self, places: Iterable[Place], group: str, decision: Marker) -> None:
        """As the real one does."""
        await self._real.settle(places, group, decision)

    async def start(self) -> None:
        """Fence the predecessor, or fail."""
        self._fail("start", "before")
        await self._real.start()
        self._fail("start", "after")

    async def begin(self) -> None:
        """Open a transaction, or fail."""
        self._fail("begin", "before")
        await self._real.begin()
        self._fail("begin", "after")

    async def send(self, outputs: Iterable[Output], partition: int, timestamp_ms: int) -> Sent:
        """Produce, or fail."""
        self._fail("send", "before")
        sent = await self._real.send(outputs, partition, timestamp_ms)
        self._fail("send", "after")
        return sent

    async def send_offsets(self, positions: Mapping[str, Committed], partition: int, group: str) -> None:
        """Add positions, or fail."""
        self._fail("send_offsets", "before")
        await self._real.send_offsets(positions, partition, group)
        self._fail("send_offsets", "after")

    async def commit(self) -> None:
        """Commit, or fail: before it happened, or after."""
        self._fail("commit", "before")
        await self._real.commit()
        self._fail("commit", "after")

    async def discard(self) -> None:
        """Let go; a producer that died does not abort."""
        if self._dead and isinstance(self._real, KafkaTransactions):
            self._real._open = False
        await self._real.discard()

    def _fail(self, step: Step, when: Literal["before", "after"]) -> None:
        fault = self._plan.due(step, when)
        if fault is None:
            return
        if fault.also is not None:
            fault.also()
        if not fault.silent:
            self._dead = fault.dies
            raise KafkaConnectionError(f"injected {fault}")


def faulty(runtime_transactions: Callable[[int], Transactions], plan: Plan) -> Callable[[int], Transactions]:
    """A factory of transactions that fail by `plan`."""
    return lambda partition: FaultyTransactions(runtime_transactions(partition), plan)


def inject(runtime: Runtime, faults: Iterable[Fault]) -> Plan:
    """Make the transactions of `runtime` fail by a plan; call it before anything has been taken over."""
    plan = Plan(deque(faults))
    runtime._context.make_transactions = faulty(runtime._context.make_transactions, plan)
    return plan
