"""[pure] A case as its clocks see it: which edition, plan and priority counted when, and so which terms.

What a change leaves unsaid stays as it was then: as of the change before it by event time, whichever arrived first. So
terms are worked out here each time, and not when an activity arrives.
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
from shared.policy.promises import promised
from shared.sla.case_state import VERDICTS, CaseState, Facts, StoredActivity, loaded_terms, stored_terms
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

    The milestones of `explicit` have the terms that it says itself. The priority is that of the activity
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

    def take(self, heard: StoredActivity, editions: Editions) -> Terms:
        """Take in a change; the terms that it gives. An explicit term outranks what follows from the rest.

        Raises InputRefused where the edition that counts then does not have the plan, or no priority for what is said.
        """
        if heard.edition is not None:
            self.pinned = editions.of(heard.edition)
        elif heard.plan is not None:
            self.plan = heard.plan
        elif heard.impact is not None or heard.workaround is not None:
            self.impact = self.impact if heard.impact is None else IMPACTS[heard.impact]
            self.workaround = self.workaround if heard.workaround is None else WORKAROUNDS[heard.workaround]
        explicit = loaded_terms(heard.terms) or {}
        if not _says_more(heard):
            return explicit
        if heard.plan is None:
            self.priority = self.pinned.priority(self.impact, self.workaround, self.environment)
            self.prioritised_by = heard.id
        if heard.plan is not None or heard.edition is not None:
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
    standing = _TermsInForce.when_routed(facts, pinned)
    routed = pinned.policy(standing.plan, standing.priority, calendar, staffed=facts.staffed, automated=facts.automated)
    terms = {heard.id: standing.take(heard, editions) for heard in _changes(state)}
    history = tuple(_activity(state, heard, terms.get(heard.id), calendar, editions) for heard in state.heard)
    marks = tuple(
        Mark(MILESTONES[m.milestone], m.instance, m.generation, VERDICTS[m.verdict], m.breached, m.fired)
        for m in state.marks
    )
    promised_then = loaded_terms(state.terms)
    policy = CasePolicy(
        routed.terms if promised_then is None else promised_then,
        routed.calendar,
        standing.pinned.chain,
        standing.automated,
    )
    clocks = CaseClocks(state.opened_at, "open", history, marks, state.opened_at + state.seen_for)
    return CaseView(clocks, policy, standing.priority, standing.plan, standing.pinned, calendar)


def origins(state: CaseState, editions: Editions) -> list[Origin]:
    """Where the terms of the case come from: the decision, then each change in the order in which they count."""
    facts, pinned = Facts.unpacked(state.facts), editions.of(state.edition)
    standing = _TermsInForce.when_routed(facts, pinned)
    usual = stored_terms(promised(pinned.edition, standing.plan, standing.priority, staffed=standing.staffed))
    unusual = {name for name, terms in (state.terms or {}).items() if terms != usual.get(name)}
    found = [standing.origin("", unusual)]
    for heard in _changes(state):
        standing.take(heard, editions)
        found.append(standing.origin(unpack_id(heard.id), heard.terms or ()))
    return found


def _changes(state: CaseState) -> list[StoredActivity]:
    """The changes of terms, in the order in which they count."""
    changes = [heard for heard in state.heard if heard.kind in CHANGES]
    return sorted(changes, key=lambda heard: (heard.after, unpack_id(heard.id)))


def _says_more(heard: StoredActivity) -> bool:
    """Whether a change says from what the terms of all milestones follow."""
    return any(value is not None for value in (heard.edition, heard.plan, heard.impact, heard.workaround))


def _activity(
    state: CaseState, heard: StoredActivity, terms: Terms | None, calendar: str, editions: Editions
) -> Activity:
    return Activity(
        state.opened_at + heard.after,
        ACTIVITY_TYPES[heard.kind],
        unpack_id(heard.id),
        heard.to,
        terms,
        None if heard.edition is None else editions.of(heard.edition).calendar(calendar),
    )
