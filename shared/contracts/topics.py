"""[pure] The registry of topics: every topic that exists, who writes it, how it is kept, what it carries."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from shared.contracts import escalation
from shared.contracts.base import Event
from shared.contracts.intake import ActivityRecorded, EntitlementSet, EntitlementWithdrawn, SupportRequestSubmitted
from shared.contracts.router import CaseRouted, EditionPublished

MAX_MESSAGE_BYTES = 1024 * 1024
MIN_INSYNC = "min.insync.replicas"
DEAD_LETTER_SUFFIX = "-dlt"
DEAD_LETTER_HEADROOM = 64 * 1024  # a dead letter is its source byte for byte, plus the headers that give the cause


def min_insync_replicas(replication: int) -> int:
    """How many of so many copies must have a record before Kafka acknowledges it.

    All but one, so that a broker can restart while records are written. Of two copies it is one: with both, each
    restart would stop every service. Two copies of each acknowledged record at any time need a third.
    """
    return max(1, replication - 1)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it must exist. `retention` is for `delete`; a compacted topic keeps the last value of each key."""

    name: str
    key: str
    policy: Literal["delete", "compact"]
    written_by: str
    retention: timedelta | None = None
    events: tuple[type[Event], ...] = ()
    max_message_bytes: int = MAX_MESSAGE_BYTES
    extra: dict[str, str] = field(default_factory=dict)

    def config(self, replication: int) -> dict[str, str]:
        """The broker's settings for this topic, which has so many copies."""
        config = {
            "cleanup.policy": self.policy,
            "max.message.bytes": str(self.max_message_bytes),
            MIN_INSYNC: str(min_insync_replicas(replication)),
            **self.extra,
        }
        if self.retention is not None:
            config["retention.ms"] = str(int(self.retention.total_seconds() * 1000))
        return config


def _delete(name: str, key: str, written_by: str, days: int, *events: type[Event]) -> Topic:
    return Topic(name, key, "delete", written_by, timedelta(days=days), events)


REQUESTS = _delete(
    "support.requests.v1", "account_id, or request_id if anonymous", "intake", 90, SupportRequestSubmitted
)
ENTITLEMENTS = Topic(
    "support.entitlements.v1",
    "account_id",
    "compact",
    "intake (admin API), or the customer's billing system",
    events=(EntitlementSet, EntitlementWithdrawn),
)
CASES = _delete("support.cases.v1", "case_id", "router", 400, CaseRouted)
EDITIONS = Topic(
    "support.editions.v1",
    "policy_sha256",
    "compact",
    "router; escalation, for an edition that a case migrates to",
    events=(EditionPublished,),
)
ACTIVITY = _delete("support.activity.v1", "case_id", "intake", 400, ActivityRecorded)
ESCALATIONS = _delete("support.escalations.v1", "case_id", "escalation", 400, *escalation.EVENTS)


def dead_letter(source: Topic) -> Topic:
    """The dead-letter topic of `source`."""
    return Topic(
        source.name + DEAD_LETTER_SUFFIX,
        source.key,
        "delete",
        "whoever failed",
        timedelta(days=30),
        max_message_bytes=source.max_message_bytes + DEAD_LETTER_HEADROOM,
    )


def changelog(service: str, store: str) -> Topic:
    """The changelog of a state store: compacted, written only by the task that owns the partition."""
    return Topic(f"{service}-{store}-changelog", "as the store", "compact", f"the owning {service} task only")


# source topics of each service, in the order in which one slice takes them
ROUTER_SOURCES = (ENTITLEMENTS, REQUESTS)
ESCALATION_SOURCES = (CASES, ACTIVITY)
TASK_SOURCES = {"router": ROUTER_SOURCES, "escalation": ESCALATION_SOURCES}  # by service, whose name is its group's
ROUTER_STORES = ("entitlements", "requests", "editions")
ESCALATION_STORES = ("isolated", "cases", "early", "editions")  # the timer of an isolated case is that of its retry
TASK_STORES = {"router": ROUTER_STORES, "escalation": ESCALATION_STORES}

TOPICS: tuple[Topic, ...] = (
    REQUESTS,
    ENTITLEMENTS,
    CASES,
    EDITIONS,
    ACTIVITY,
    ESCALATIONS,
    *(dead_letter(topic) for topic in (REQUESTS, ENTITLEMENTS, CASES, ACTIVITY)),
    *(changelog("router", store) for store in ROUTER_STORES),
    *(changelog("escalation", store) for store in ESCALATION_STORES),
)

_LIMITS = {topic.name: topic.max_message_bytes for topic in TOPICS}


def record_limit(topic: str) -> int:
    """The largest record of a topic in bytes, uncompressed; that of a dead letter for a topic of somebody else."""
    return _LIMITS.get(topic, MAX_MESSAGE_BYTES + DEAD_LETTER_HEADROOM)
