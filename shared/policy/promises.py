"""[pure] What a case is promised: the terms of each milestone by who asks, where, for what and how urgently."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import OpenedBy
from shared.policy.condition import Remembered, Situation, wanted
from shared.policy.model import Edition, Target
from shared.policy.per_edition import PerEdition

# Why nothing is promised. A tier has reasons of its own (`NoTargets.reason`).
SELF_SERVICE, NO_PRIORITY_RESPONSE, NOT_PROMISED = "self_service", "no_priority_response", "not_promised"
OPENED_BY_AGENT = "opened_by_agent"
OWN_REASONS = (SELF_SERVICE, NO_PRIORITY_RESPONSE, NOT_PROMISED, OPENED_BY_AGENT)


class CaseKind(NamedTuple):
    """All that promises depend on. `situation` has the assigned channel; `tier` is the one that holds the case."""

    situation: Situation
    priority: str
    tier: str
    opened_by: OpenedBy = "customer"


class PromisedBy(NamedTuple):
    """The place in an edition that decides what is promised, such as `targets[3]`, and the target that stands there.

    Where nothing is promised, it is the place of what stands in the way, such as `channels` (nobody answers there), the
    plan's `priority_response`, or all `targets`, none of which is for such a case.
    """

    place: str
    target: Target | None = None


@dataclass(eq=False, slots=True)
class Promises:
    """What cases of one kind are promised: shared between them, so not to be changed.

    `terms` has every milestone that is promised, and those that are always stated: one without a target is explained by
    its reason. Two kinds of cases may share one object; it is compared by identity.
    """

    in_the_way: PromisedBy
    terms: dict[str, MilestoneTerms] = field(default_factory=dict)
    by: dict[str, PromisedBy] = field(default_factory=dict)

    def promised_by(self, milestone: str) -> PromisedBy:
        """Which rule of the edition decides what `terms` says of a milestone."""
        return self.by.get(milestone, self.in_the_way)


def promised(edition: Edition, case: CaseKind) -> Promises:
    """What `edition` promises to such a case. Where nobody answers, nobody is waited for.

    Shared by the router and, for re-prioritised cases, by escalation. The edition must have the words of `case`.
    """
    return _promises.of(edition).of(case.situation, case.priority, case.tier, case.opened_by)


def _remembered(edition: Edition) -> Remembered[Promises]:
    targets = [(number, target, wanted(edition, target)) for number, target in enumerate(edition.targets)]
    priced = {plan for plan in edition.plans if any(t.plans is None or plan in t.plans for t in edition.targets)}

    def answer(situation: Situation, priority: str, tier: str, opened_by: OpenedBy) -> Promises:
        reason, place = _in_the_way(edition, situation, tier, priced)
        found = Promises(in_the_way=PromisedBy(place))
        for number, target, when in targets if place == _TARGETS else ():
            row = edition.milestones[target.milestone]
            if target.milestone in found.by or not when.met_by(situation):
                continue
            if target.priorities is not None and priority not in target.priorities:
                continue
            if row.starts_at_submission and opened_by not in row.opened_by:
                found.terms[target.milestone] = MilestoneTerms(target_seconds=None, reason=OPENED_BY_AGENT)
                found.by[target.milestone] = PromisedBy(f"milestones.{target.milestone}.opened_by")
                continue
            found.terms[target.milestone] = terms_of(edition, target)
            found.by[target.milestone] = PromisedBy(f"targets[{number}]", target)
        for milestone, row in edition.milestones.items():
            if row.always_stated:
                found.terms.setdefault(milestone, MilestoneTerms(target_seconds=None, reason=reason))
        return found

    return Remembered(edition.targets, answer, always=("plans", "channels"))


_TARGETS = "targets"


def _in_the_way(edition: Edition, situation: Situation, tier: str, priced: set[str]) -> tuple[str, str]:
    """Why such a case has no target where it has none, and the place in the edition that says so."""
    if not edition.channels[situation.channel].staffed:
        return SELF_SERVICE, "channels"
    none = edition.tiers[tier].no_targets
    if none is not None:
        return none.reason, f"tiers.{tier}.no_targets"
    if not edition.plans[situation.plan].priority_response and situation.plan not in priced:
        return NO_PRIORITY_RESPONSE, f"plans.{situation.plan}.priority_response"
    return NOT_PROMISED, _TARGETS


def terms_of(edition: Edition, target: Target) -> MilestoneTerms:
    """The terms of `target`, with the behaviour of its milestone."""
    row = edition.milestones[target.milestone]
    return MilestoneTerms(
        target_seconds=target.target_seconds,
        hours=target.counts_in,
        promise=target.promise,
        paused_by=row.paused_by,
        reopen=row.reopen_mode,
        target_business_days=target.target_business_days,
        until=target.until or ("same_time" if target.target_business_days is not None else None),
        open_at_least=target.open_at_least,
        calendar=target.calendar,
    )


def all_terms(promises: Promises, milestones: Iterable[str]) -> dict[str, MilestoneTerms]:
    """The terms of every one of `milestones`: those that are not promised end a clock that was promised before."""
    terms = dict.fromkeys(milestones, _NOT_PROMISED)
    terms.update(promises.terms)
    return terms


_NOT_PROMISED = MilestoneTerms(target_seconds=None, reason=NOT_PROMISED)
_promises = PerEdition(_remembered)
