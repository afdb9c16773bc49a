"""Reports from operation: an older entitlement that arrives after a newer one, and a replayed dead letter."""

from datetime import datetime

from services.router.topology import RouterTopology
from shared.contracts.base import parse_instant
from shared.contracts.topics import CASES, ENTITLEMENTS, REQUESTS
from shared.kafka.partitioning import partition_for, partitioner
from shared.kafka.record import Record
from shared.routing.rulebook import Rulebooks
from tests.harness.asking import account, entitlement_set, request
from tests.harness.shipped import shipped_library
from tests.harness.topology_driver import TopologyDriver
from tests.topology.router.router_task import as_record, case_of

PARTITIONS = 6
HOME = partition_for(b"acme", PARTITIONS)
OLD, NEW = (parse_instant(f"2026-11-{day}T00:00:00Z") for day in ("01", "20"))


class Task:
    """The router's task of one partition."""

    def __init__(self, partition: int) -> None:
        self.superseded: list[Record] = []
        rulebooks = Rulebooks(shipped_library("guidelines-2021"))
        self.driver = TopologyDriver(
            lambda _: RouterTopology(
                rulebooks, partitions=PARTITIONS, trace=lambda _: "", superseded=self.superseded.append
            ),
            partition,
            service="router",
            now=NEW,
            partition_of=partitioner(PARTITIONS),
        )

    def reads(self, plan: str, set_at: datetime) -> None:
        """A record of the billing system."""
        event = entitlement_set(account(plan=plan), set_at)
        self.driver.pipe(ENTITLEMENTS, "acme", *as_record(ENTITLEMENTS, "acme", event, "/acme/billing"))

    def plan(self) -> str:
        """The plan by which a request is decided now."""
        self.driver.pipe(REQUESTS, "acme", *as_record(REQUESTS, "acme", request(received_at=NEW)))
        return case_of(self.driver.outputs(CASES)[-1]).entitlement.plan


def test_an_older_set_after_a_newer_one_is_passed_over_visibly() -> None:
    """A billing system that exports twice, or retries, must not take the present away."""
    task = Task(HOME)
    task.reads("premier_plus", NEW)
    task.reads("access", OLD)
    assert (task.plan(), [record.offset for record in task.superseded]) == ("premier_plus", [1])


def test_an_old_dead_letter_replayed_leaves_the_present_entitlement() -> None:
    """It was on a wrong partition weeks ago. Meanwhile the customer has bought more."""
    elsewhere, home = Task((HOME + 1) % PARTITIONS), Task(HOME)
    elsewhere.reads("access", OLD)
    (letter,) = elsewhere.driver.dead_letters
    assert letter.cause == "wrong_partition"
    home.reads("premier_plus", NEW)
    home.driver.pipe(ENTITLEMENTS, letter.record.key, letter.record.value, letter.record.headers)
    assert (home.plan(), len(home.superseded), home.driver.dead_letters) == ("premier_plus", 1, [])
