"""[pure] Which faults happen in a round, to whom and for how long: the same for the same seed.

A round has each kind of fault once, in random order, and some more by chance; a change of a topic is the last fault of
its round, since the records of a deleted topic cannot be judged afterwards.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

FAULTS_PER_ROUND = 20
PAIRED = 0.3  # of the faults that may act together with the one before them
BROKERS_OF_ROUND = (1, 3, 1)  # in turn
SERVICES = ("intake", "router-1", "router-2", "escalation-1", "escalation-2")
TASK_SERVICES = SERVICES[1:]
CLOCKED = ("escalation-1", "intake", "router-1")
SPARES = ("router-3", "escalation-3")
TOPICS = ("support.activity.v1", "support.requests.v1")

# By kind: who it may happen to, and for how many seconds. A service that is frozen wakes after its session and its
# transaction have ended (6 and 4 s); a shifted clock is right again before it would be accepted (30 s).
KINDS: dict[str, tuple[Sequence[str], tuple[float, float]]] = {
    "kill": (SERVICES, (0.0, 3.0)),
    "terminate": (SERVICES, (0.0, 2.0)),
    "freeze": (SERVICES, (7.0, 10.0)),
    "leave": (TASK_SERVICES, (2.0, 5.0)),
    "join": (SPARES, (3.0, 6.0)),
    "cut": (SERVICES, (1.0, 6.0)),
    "slow": (SERVICES, (3.0, 6.0)),
    "half_open": (SERVICES, (3.0, 9.0)),
    "deaf_to_requests": (SERVICES, (3.0, 9.0)),
    "deaf_to_answers": (SERVICES, (3.0, 9.0)),
    "clock_ahead": (CLOCKED, (3.0, 8.0)),
    "clock_behind": (CLOCKED, (3.0, 8.0)),
    "broker_kill": (("broker",), (0.0, 4.0)),
    "broker_stop": (("broker",), (0.0, 4.0)),
    "broker_freeze": (("broker",), (2.0, 6.0)),
    "system_kill": (("system",), (0.0, 2.0)),
}
TOPIC_KINDS = ("topic_recreated", "topic_grown")


class Fault(NamedTuple):
    """One fault: its kind, to whom, for how many seconds, and how long the system then runs before the next one.

    `choice` is for whoever carries it out, such as which broker of several.
    """

    kind: str
    target: str
    seconds: float
    gap: float
    choice: int

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {self.seconds:.1f} s"


def round_of(seed: int, number: int, count: int = FAULTS_PER_ROUND) -> list[Fault]:
    """The faults of a round: each kind once before any comes again; the last changes a topic.

    The targets of a kind take turns from round to round.
    """
    rng = random.Random(f"{seed}/{number}")
    kinds: list[str] = []
    while len(kinds) < count - 1:
        kinds += rng.sample(sorted(KINDS), len(KINDS))
    faults = [_fault(rng, kind, seed + number + turn // len(KINDS)) for turn, kind in enumerate(kinds[: count - 1])]
    topic = TOPICS[(seed + number // len(TOPIC_KINDS)) % len(TOPICS)]
    last = Fault(TOPIC_KINDS[number % len(TOPIC_KINDS)], topic, 0.0, 0.0, rng.randrange(1 << 16))
    return [*faults, last]


def at_the_same_time(seed: int, number: int, faults: Sequence[Fault]) -> list[list[Fault]]:
    """The faults in their order, some of them in pairs of different targets that act side by side."""
    rng = random.Random(f"{seed}/{number}/pairs")
    groups: list[list[Fault]] = []
    for fault in faults:
        before = groups[-1][-1].target if groups else "system"
        alone = "system" in (fault.target, before) or before == fault.target or len(groups[-1]) > 1
        if not alone and rng.random() < PAIRED:
            groups[-1].append(fault)
        else:
            groups.append([fault])
    return groups


def brokers_of(number: int) -> int:
    """How many brokers a round has."""
    return BROKERS_OF_ROUND[number % len(BROKERS_OF_ROUND)]


def _fault(rng: random.Random, kind: str, turn: int) -> Fault:
    targets, (shortest, longest) = KINDS[kind]
    target = targets[(turn + list(KINDS).index(kind)) % len(targets)]
    return Fault(kind, target, rng.uniform(shortest, longest), rng.uniform(0.2, 2.0), rng.randrange(1 << 16))
