"""[pure] The terms that apply to a case and since when, rebuilt from its stored state.

A change inherits every field that it omits from the change before it in event-time order, whichever arrived first. So
the terms are worked out each time, and not when an activity arrives.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from shared.contracts.vocabulary import (
    ACTIVITY_TYPES,
    ENVIRONMENTS,
    IMPACTS,
    MILESTONES,
    WORKAROUNDS,
    Environment,
    Impact,
    Milestone,
    Plan,
    Priority,
    Workaround,
)
from shared.sla.case_state import VERDICTS, CaseState, Facts, StoredActivity, loaded_terms
from shared.sla.clock import Activity, CaseClocks, CasePolicy, Mark, Terms
from shared.sla.fold import NEW_TERMS
from shared.sla.packing import unpack_id
from shared.sla.pinned_edition import Editions, PinnedEdition

CHANGES = frozenset(ACTIVITY_TYPES.index(kind) for kind in NEW_TERMS)


class CaseView(NamedTuple):
    """A case as its clocks see it, and what counts for it now."""

    clocks: CaseClocks
    policy: CasePolicy
    priority: Priority
    plan: Plan
    pinned: PinnedEdition
    calendar: str  # its name in the edition


class Origin(NamedTuple):
    """Where terms come from: what counts for a case since the activity `by` ("" = the decision).

    The milestones of `explicit` have the terms that it gives itself. The priority is that of the activity
    `prioritised_by`.
    """

    by: str
    prioritised_by: str
    pinned: PinnedEdition
    plan: Plan
    impact: Impact
    workaround: Workaround
    environment: Environment
    priority: Priority
    staffed: bool
    explicit: frozenset[Milestone]


@dataclass(slots=True)
class _TermsInForce:
    """What counts for a case at some instant."""

    pinned: PinnedEdition
    plan: Plan
    impact: Impact
    workaround: Workaround
    environment: Environment
    priority: Priority
    automated: bool
    staffed: bool
    prioritised_by: bytes = b""

    @classmethod
    def when_routed(cls, facts: Facts, pinned: PinnedEdition) -> "_TermsInForce":
        """What counted by the decision."""
        return cls(
            pinned,
            pinned.plan_names[facts.plan],
            IMPACTS[facts.impact],
            WORKAROUNDS[facts.workaround],
            ENVIRONMENTS[facts.environment],
            pinned.priority_names[facts.priority],
            facts.automated,
            facts.staffed,
        )

    def apply(self, activity: StoredActivity, editions: Editions) -> Terms:
        """Apply a change; returns the terms that it gives. An explicit term outranks what follows from the rest.

        Raises InputRefused where the edition that counts then does not have the plan, or no priority for its words.
        """
        if activity.edition is not None:
            self.pinned = editions.of(activity.edition)
        elif activity.plan is not None:
            self.plan = activity.plan
        elif activity.impact is not None or activity.workaround is not None:
            self.impact = self.impact if activity.impact is None else IMPACTS[activity.impact]
            self.workaround = self.workaround if activity.workaround is None else WORKAROUNDS[activity.workaround]
        explicit = loaded_terms(activity.terms) or {}
        if not _changes_all_terms(activity):
            return explicit
        if activity.plan is None:
            self.priority = self.pinned.priority(self.impact, self.workaround, self.environment)
            self.prioritised_by = activity.id
        if activity.plan is not None or activity.edition is not None:
            self.automated = self.pinned.plan(self.plan).automated_escalation
        return {**self.pinned.terms_for(self.plan, self.priority, staffed=self.staffed), **explicit}

    def origin(self, by: str, explicit: Iterable[Milestone]) -> Origin:
        """The same, as what terms come from."""
        return Origin(
            by,
            unpack_id(self.prioritised_by),
            self.pinned,
            self.plan,
            self.impact,
            self.workaround,
            self.environment,
            self.priority,
            self.staffed,
            frozenset(explicit),
        )


def view_of(state: CaseState, editions: Editions) -> CaseView:
    """The case's history and marks in the terms of `sla_clock`, and what counts now."""
    facts, pinned = Facts.unpacked(state.facts), editions.of(state.edition)
    calendar = pinned.calendar_names[facts.calendar]
    in_force = _TermsInForce.when_routed(facts, pinned)
    routed = pinned.policy(in_force.plan, in_force.priority, calendar, staffed=facts.staffed, automated=facts.automated)
    terms = {activity.id: in_force.apply(activity, editions) for activity in _changes(state)}
    history = tuple(
        _activity(state, activity, terms.get(activity.id), calendar, editions) for activity in state.activities
    )
    marks = tuple(
        Mark(MILESTONES[m.milestone], m.instance, m.generation, VERDICTS[m.verdict], m.breached, m.fired)
        for m in state.marks
    )
    policy = CasePolicy(routed.terms, routed.calendar, in_force.pinned.chain, in_force.automated)
    clocks = CaseClocks(state.opened_at, "open", history, marks, state.opened_at + state.seen_for)
    return CaseView(clocks, policy, in_force.priority, in_force.plan, in_force.pinned, calendar)


def origins(state: CaseState, editions: Editions) -> list[Origin]:
    """Where the terms of the case come from: the decision, then each change in the order in which they count."""
    facts, pinned = Facts.unpacked(state.facts), editions.of(state.edition)
    in_force = _TermsInForce.when_routed(facts, pinned)
    found = [in_force.origin("", ())]
    for activity in _changes(state):
        in_force.apply(activity, editions)
        found.append(in_force.origin(unpack_id(activity.id), activity.terms or ()))
    return found


def _changes(state: CaseState) -> list[StoredActivity]:
    """The changes of terms, in the order in which they count."""
    changes = [activity for activity in state.activities if activity.kind in CHANGES]
    return sorted(changes, key=lambda activity: (activity.after, unpack_id(activity.id)))


def _changes_all_terms(activity: StoredActivity) -> bool:
    """Whether a change gives terms to all milestones, and not only explicit ones to some."""
    return any(value is not None for value in (activity.edition, activity.plan, activity.impact, activity.workaround))


def _activity(
    state: CaseState, activity: StoredActivity, terms: Terms | None, calendar: str, editions: Editions
) -> Activity:
    return Activity(
        state.opened_at + activity.after,
        ACTIVITY_TYPES[activity.kind],
        unpack_id(activity.id),
        activity.to,
        terms,
        None if activity.edition is None else editions.of(activity.edition).calendar(calendar),
    )
