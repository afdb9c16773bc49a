"""Escalation as a service: its topology, with what that needs from outside."""

from services.escalation.auditor import Auditor
from services.escalation.edition_store import EditionStore
from services.escalation.topology import SERVICE, EscalationTopology
from shared.contracts.topics import EDITIONS, ESCALATION_SOURCES, ESCALATION_STORES, ESCALATIONS
from shared.observability import tracing
from shared.policy.editions import EditionLibrary
from shared.streams.service import TaskService


def escalation(library: EditionLibrary, partitions: int, overdue_alarm_seconds: float) -> TaskService:
    """Escalation for cases that pin an edition of `library`, or one that they have pinned before."""
    editions = EditionStore(library)
    return TaskService(
        name=SERVICE,
        description="Runs the clocks of each case, warns, notes breaches and calls whoever is entitled to be called.",
        reads=ESCALATION_SOURCES,
        writes=(ESCALATIONS, EDITIONS),
        stores=ESCALATION_STORES,
        factory=lambda _partition: EscalationTopology(editions, partitions=partitions, trace=tracing.child),
        observer=Auditor(overdue_alarm_seconds),
    )
