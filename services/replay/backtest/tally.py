"""[pure] Counts of a backtest: in all, and by plan, priority, account and milestone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from services.replay.backtest.case_difference import CaseDifference
from services.replay.backtest.case_outcome import CaseOutcome

# What is counted, in the order in which it is shown. docs/backtest.md explains each.
COUNTS: tuple[str, ...] = (
    "cases",
    "affected",
    "decided_otherwise",
    "channel_changed",
    "tier_changed",
    "priority_changed",
    "promises_new",
    "promises_gone",
    "promises_longer",
    "promises_shorter",
    "breached_before",
    "breached_after",
    "newly_breached",
    "newly_breached_commitments",
    "no_longer_breached",
    "no_longer_breached_commitments",
    "open_before",
    "open_after",
    "newly_called",
    "no_longer_called",
)
# A milestone is decided by none of the words of a decision.
OF_A_MILESTONE: tuple[str, ...] = tuple(
    name
    for name in COUNTS
    if name.partition("_")[0] not in ("cases", "affected", "decided", "channel", "tier", "priority")
)

Counts = Counter[str]


@dataclass
class Tally:
    """The counts of compared cases. Plan, account and priority of a case are those of the baseline's decision."""

    total: Counts = field(default_factory=Counter)
    by_plan: dict[str, Counts] = field(default_factory=dict)
    by_priority: dict[str, Counts] = field(default_factory=dict)
    by_account: dict[str, Counts] = field(default_factory=dict)
    by_milestone: dict[str, Counts] = field(default_factory=dict)

    def add(self, before: CaseOutcome, after: CaseOutcome, found: CaseDifference) -> None:
        """Count one case."""
        counts = dict(Counter(_counted(before, after, found)))
        case = before.case
        self.total.update(counts)
        self.by_plan.setdefault(case.entitlement.plan, Counter()).update(counts)
        self.by_priority.setdefault(case.priority, Counter()).update(counts)
        self.by_account.setdefault(case.account_id or "", Counter()).update(counts)
        for milestone, name in _of_milestones(before, after, found):
            self.by_milestone.setdefault(milestone, Counter())[name] += 1


def complete(counts: Mapping[str, int], names: Iterable[str] = COUNTS) -> dict[str, int]:
    """All counts by name, also those that are 0."""
    return {name: counts.get(name, 0) for name in names}


def _counted(before: CaseOutcome, after: CaseOutcome, found: CaseDifference) -> Iterator[str]:
    yield "cases"
    if found:
        yield "affected"
    if found.decisions:
        yield "decided_otherwise"
    for decision in found.decisions:
        yield f"{decision.what}_changed"
    for _, name in _of_milestones(before, after, found):
        yield name


def _of_milestones(before: CaseOutcome, after: CaseOutcome, found: CaseDifference) -> Iterator[tuple[str, str]]:
    for suffix, outcome in (("before", before), ("after", after)):
        for (milestone, _), clock in outcome.clocks.items():
            if clock.breached_at is not None:
                yield milestone, f"breached_{suffix}"
            elif clock.is_open:
                yield milestone, f"open_{suffix}"
    for promise in found.promises:
        yield promise.milestone, f"promises_{promise.change}"
    for breach in found.breaches:
        name = "newly_breached" if breach.newly else "no_longer_breached"
        yield breach.milestone, name
        if breach.promise == "commitment":
            yield breach.milestone, f"{name}_commitments"
    for each in found.calls:
        yield each.call.milestone, "newly_called" if each.newly else "no_longer_called"
