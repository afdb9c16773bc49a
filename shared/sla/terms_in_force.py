"""[pure] The terms that apply to a case and since when, rebuilt from its stored state.

A change inherits every field that it omits from the change before it in event-time order, whichever arrived first. So
the terms are worked out each time, and not when an activity arrives.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from shared.contracts.vocabulary import ACTIVITY_TYPES
from shared.policy.case_rules import CaseRules
from shared.policy.promises import CaseKind
from shared.sla.case_facts import CaseFacts
from shared.sla.case_state import CaseState, StoredActivity, loaded_marks, loaded_terms
from shared.sla.clock import Activity, CaseClocks, CasePolicy, Terms
from shared.sla.order import NEW_TERMS
from shared.sla.packing import unpack_id
from shared.sla.pinned_edition import Editions, PinnedEdition

CHANGES = frozenset(ACTIVITY_TYPES.index(kind) for kind in NEW_TERMS)


class CaseView(NamedTuple):
    """A case as its clocks see it, and what counts for it now. `facts` are those of the decision."""

    clocks: CaseClocks
    policy: CasePolicy
    kind: CaseKind
    pinned: PinnedEdition
    facts: CaseFacts

    @property
    def calendar(self) -> str:
        """The name of its calendar in the edition."""
        return self.facts.calendar


class Origin(NamedTuple):
    """Where terms come from: what counts for a case since the activity `by` ("" = the decision).

    The milestones of `explicit` have the terms that it gives itself. The priority is that of the activity
    `prioritised_by`.
    """

    by: str
    prioritised_by: str
    pinned: PinnedEdition
    kind: CaseKind
    explicit: frozenset[str]


@dataclass(slots=True)
class _TermsInForce:
    """What counts for a case at some instant. `rules` are those of its editions so far, the last one first."""

    pinned: PinnedEdition
    kind: CaseKind
    automated: bool
    rules: CaseRules
    prioritised_by: bytes = b""

    @classmethod
    def when_routed(cls, facts: CaseFacts, pinned: PinnedEdition) -> "_TermsInForce":
        """What counted by the decision."""
        return cls(pinned, facts.kind, facts.automated, pinned.rules)

    def apply(self, activity: StoredActivity, editions: Editions) -> Terms:
        """Apply a change; returns the terms that it gives. An explicit term outranks what follows from the rest.

        Raises InputRefused where the edition that counts then does not know a word of the case.
        """
        if activity.edition is not None:
            self.pinned = editions.of(activity.edition)
            self.rules = self.pinned.rules.over(self.rules)
            self.kind = self.pinned.checked(self.kind)
        elif activity.plan is not None:
            self.pinned.plan(activity.plan)
            self.kind = self.kind._replace(situation=self.kind.situation._replace(plan=activity.plan))
        elif activity.fields is not None:
            self.kind = self.pinned.changed(self.kind, activity.fields)
        explicit = loaded_terms(activity.terms) or {}
        if not _changes_all_terms(activity):
            return explicit
        if activity.plan is None:
            self.kind = self.pinned.prioritised(self.kind)
            self.prioritised_by = activity.id
        if activity.plan is not None or activity.edition is not None:
            self.automated = self.pinned.plan(self.kind.situation.plan).automated_escalation
        return {**self.pinned.terms_for(self.kind, self.rules.milestones), **explicit}

    def origin(self, by: str, explicit: Iterable[str]) -> Origin:
        """The same, as what terms come from."""
        return Origin(by, unpack_id(self.prioritised_by), self.pinned, self.kind, frozenset(explicit))


def view_of(state: CaseState, editions: Editions) -> CaseView:
    """The case's history and marks in the terms of `sla_clock`, and what counts now."""
    pinned = editions.of(state.edition)
    facts = pinned.facts(state.facts, state.language, state.country)
    in_force = _TermsInForce.when_routed(facts, pinned)
    routed = pinned.policy(in_force.kind, facts.calendar, automated=facts.automated)
    terms = {activity.id: in_force.apply(activity, editions) for activity in _changes(state)}
    history = tuple(
        _activity(state, activity, terms.get(activity.id), facts.calendar, editions) for activity in state.activities
    )
    marks = loaded_marks(state, pinned.milestone_names)
    policy = routed
    if terms:
        policy = routed._replace(rules=in_force.rules, chain=in_force.pinned.chain, automated=in_force.automated)
    clocks = CaseClocks(state.opened_at, "open", history, marks, state.opened_at + state.seen_for)
    return CaseView(clocks, policy, in_force.kind, in_force.pinned, facts)


def origins(state: CaseState, editions: Editions) -> list[Origin]:
    """Where the terms of the case come from: the decision, then each change in the order in which they count."""
    pinned = editions.of(state.edition)
    in_force = _TermsInForce.when_routed(pinned.facts(state.facts, state.language, state.country), pinned)
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
    return activity.edition is not None or activity.plan is not None or activity.fields is not None


def _activity(
    state: CaseState, activity: StoredActivity, terms: Terms | None, calendar: str, editions: Editions
) -> Activity:
    migrated = None if activity.edition is None else editions.of(activity.edition).calendars
    at, kind, activity_id = state.opened_at + activity.after, ACTIVITY_TYPES[activity.kind], unpack_id(activity.id)
    now_by = None if migrated is None else migrated[calendar]
    until = None if activity.until is None else state.opened_at + activity.until
    retracts = None if activity.retracts is None else unpack_id(activity.retracts)
    # By place: keywords take twice as long, and each step of a case makes all its activities.
    return Activity(at, kind, activity_id, activity.to, terms, now_by, migrated, until, activity.milestone, retracts)
