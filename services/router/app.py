"""The router as a service: its topology, with what that needs from outside."""

from prometheus_client import Counter

from services.router.topology import RouterTopology
from shared.contracts.topics import CASES, EDITIONS, ROUTER_SOURCES, ROUTER_STORES
from shared.observability import tracing
from shared.policy.editions import EditionLibrary
from shared.routing.rulebook import Rulebooks
from shared.streams.service import TaskService

RESUBMITTED = Counter(
    "frontline_router_resubmitted_total",
    "Requests dropped because they had been decided",
)


def router(library: EditionLibrary, partitions: int) -> TaskService:
    """The router that decides by the editions of `library`, on topics of so many partitions."""
    rulebooks = Rulebooks(library)
    return TaskService(
        name="router",
        description="Joins each support request with the account's entitlement and decides channel, tier and priority.",
        reads=ROUTER_SOURCES,
        writes=(CASES, EDITIONS),
        stores=ROUTER_STORES,
        factory=lambda _partition: RouterTopology(
            rulebooks, partitions=partitions, trace=tracing.child, resubmitted=RESUBMITTED.inc
        ),
    )
