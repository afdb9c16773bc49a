"""[pure] The names that Kafka has for topics, groups, transactional ids and clients.

Each is FRONTLINE_NAMESPACE, a dot, and the name that the rest of the system uses.

Several systems share a cluster by it. Everything but the clients uses logical names: contracts, topologies, events,
dead letters, changelogs, logs, metrics, replay. Only the modules that make Kafka clients convert
(tests/contract/test_namespace.py), so a log that was recorded in one namespace has the same bytes in another.
"""

from dataclasses import dataclass
from typing import NewType

PhysicalName = NewType("PhysicalName", str)
PATTERN = r"^([a-z0-9][a-z0-9._-]{0,48})?$"  # a part of a legal topic name; "" = no namespace


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace; "" adds nothing to the names."""

    name: str = ""

    @property
    def prefix(self) -> str:
        """What precedes each name in Kafka: `acme.`."""
        return f"{self.name}." if self.name else ""

    def physical(self, name: str) -> PhysicalName:
        """The name in Kafka: `acme.support.requests.v1` for `support.requests.v1`."""
        return PhysicalName(self.prefix + name)

    def logical(self, name: str) -> str | None:
        """The inverse of `physical`; None for a name without this prefix."""
        return name.removeprefix(self.prefix) if name.startswith(self.prefix) else None
