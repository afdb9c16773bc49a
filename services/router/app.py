"""The router as a service: its topology, with what that needs from outside."""

from prometheus_client import Counter

from services.router.topology import RouterTopology
from shared.contracts.topics import CASES, EDITIONS, ROUTER_SOURCES, ROUTER_STORES
from shared.kafka.record import Record
from shared.observability import tracing
from shared.observability.logs import get_logger
from shared.policy.editions import EditionLibrary
from shared.routing.rulebook import Rulebooks
from shared.streams.service import TaskService

RESUBMITTED = Counter(
    "frontline_router_resubmitted_total",
    "Requests dropped because they had been decided",
)
SUPERSEDED = Counter(
    "frontline_router_entitlements_superseded_total",
    "Records of entitlements without effect, because they are older than what is known of the account",
)
_log = get_logger()


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
            rulebooks,
            partitions=partitions,
            trace=tracing.child,
            resubmitted=RESUBMITTED.inc,
            superseded=_report_superseded,
        ),
    )


def _report_superseded(record: Record) -> None:
    SUPERSEDED.inc()
    _log.info(
        "Entitlement superseded: a later one of the account is known",
        action="entitlement.superseded",
        account_id=(record.key or b"").decode(errors="replace"),
        partition=record.partition,
        offset=record.offset,
    )
