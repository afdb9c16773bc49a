"""[pure] Which levels of the chain a clock still has before it, when, and what reaching one says.

Warnings are for every clock. Escalation levels need automated escalation; without it the lowest of them is said to be
suppressed, once for a clock instance, and the rest keep silent. A level fires once for a clock instance, ascending. The
chain stands still with its clock and goes on, not over again, when the clock does; a stopped clock calls nobody.
"""

from services.escalation.clock_state import CasePolicy, Clock, Mark
from services.escalation.effects import Effect, Raised, Suppressed, Warned
from shared.business_time.instants import Micros
from shared.policy.model import EscalationLevel


def levels_left(policy: CasePolicy, mark: Mark) -> list[EscalationLevel]:
    """The levels that have not fired for a clock. No warning follows a breach."""
    left = [level for level in policy.levels if not mark.levels >> level.level & 1]
    if mark.breached:
        left = [level for level in left if level.kind == "escalation"]
    if not policy.automated:
        lowest = min((level.level for level in policy.levels if level.kind == "escalation"), default=None)
        left = [level for level in left if level.kind == "warning" or level.level == lowest]
    return left


def reached(policy: CasePolicy, clock: Clock, mark: Mark, level: EscalationLevel, at: Micros) -> tuple[Mark, Effect]:
    """A level's instant `at` has passed: what to say, and the mark that keeps it from being said again."""
    said = mark._replace(levels=mark.levels | 1 << level.level)
    common = (clock.milestone, clock.instance, mark.generation, clock.promise, clock.due_at, at)
    if level.kind == "warning":
        return said, Warned(*common, level.level, level.called, level.share)
    if policy.automated:
        return said, Raised(*common, level.level, level.called)
    return said, Suppressed(*common, level.level, "not_entitled")
