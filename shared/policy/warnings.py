"""[pure] The warnings about a policy: what its files may say, and what their author has probably not noticed.

A mistake stops an edition; a warning does not. Each warning is a function that yields its findings; its sentence is
`policy.warning.CODE` in the catalogues.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from shared.business_time.instants import SECOND, Micros
from shared.messages.reason import Reason
from shared.policy.access_conditions import access_without_effect
from shared.policy.assembly import Assembled
from shared.policy.chain import Chain
from shared.policy.document import Path, Tree, field_name
from shared.policy.level_checks import business_days_targets
from shared.policy.mistakes import PolicyWarning
from shared.policy.model import Edition
from shared.policy.monotony import not_monotone
from shared.policy.updates import updates_before_responses
from shared.policy.vanished import vanished


class Noticed(NamedTuple):
    """What a warning is about: a path of the document, and why."""

    path: Path
    reason: Reason


def warnings_of_files(assembled: Assembled) -> list[PolicyWarning]:
    """The warnings about how the files of an edition are combined. They may have mistakes."""
    warnings = list(_hidden_editions(assembled))
    if assembled.base is not None:
        warnings += (_at(assembled.tree, *finding) for finding in vanished(assembled.base, assembled.tree))
    return warnings


def warnings_of_edition(edition: Edition, tree: Tree) -> list[PolicyWarning]:
    """The warnings about the rules of `edition`, which was read from `tree`."""
    return [_at(tree, *finding) for check in _CHECKS for finding in check(edition)]


def _at(tree: Tree, path: Path, reason: Reason) -> PolicyWarning:
    place = tree.place(path)
    return PolicyWarning(place.file, place.line, field_name(place.path), reason)


def _hidden_editions(assembled: Assembled) -> Iterator[PolicyWarning]:
    for source, place in assembled.files:
        if source.hides is not None:
            reason = Reason("policy.warning.hides_shipped", edition=source.hides)
            yield PolicyWarning(place.file, place.line, field_name(place.path), reason)


def _repetitions_that_never_come(edition: Edition) -> Iterator[Noticed]:
    chain = Chain(edition.escalation_levels)
    calls = [step for length in _lengths(edition) for step in chain.steps(length)]
    for index, level in enumerate(edition.escalation_levels):
        repeated = any(step.level == level.level and step.repetition for step in calls)
        if level.repeat is None or repeated or not calls:
            continue
        path: Path = ("escalation_levels", index, "repeat")
        if level.kind == "escalation":
            following = edition.escalation_levels[index + 1].level
            yield Noticed(path, Reason("policy.warning.level_comes_before_repetition", level=following))
        else:
            yield Noticed(path, Reason("policy.warning.deadline_comes_before_repetition"))


def _lengths(edition: Edition) -> set[Micros]:
    """How long the targets are; of one in business days, the shortest and the longest that it is in a year."""
    fixed = {target.target_seconds * SECOND for target in edition.targets if target.target_seconds is not None}
    return fixed | {found.resolved.target for found in business_days_targets(edition)}


def _with_targets(edition: Edition) -> set[str]:
    """The plans that are promised something."""
    return {plan for target in edition.targets for plan in target.plans or edition.plans}


def _plans_without_the_promises_of_others(edition: Edition) -> Iterator[Noticed]:
    with_targets = _with_targets(edition)
    for plan in edition.plans:
        promised = [each for each in edition.plans_held(plan) if each in with_targets]
        if promised and plan not in with_targets:
            reason = Reason("policy.warning.included_without_targets", plan=plan, other=promised[0])
            yield Noticed(("plans", plan, "includes"), reason)


def _levels_that_no_plan_has(edition: Edition) -> Iterator[Noticed]:
    with_targets = _with_targets(edition)
    if not with_targets or any(edition.plans[plan].automated_escalation for plan in with_targets):
        return
    escalations = [index for index, level in enumerate(edition.escalation_levels) if level.kind == "escalation"]
    if escalations:
        yield Noticed(("escalation_levels", escalations[0]), Reason("policy.warning.no_plan_escalates"))


_CHECKS: tuple[Callable[[Edition], Iterator[tuple[Path, Reason]]], ...] = (
    _repetitions_that_never_come,
    _levels_that_no_plan_has,
    access_without_effect,
    _plans_without_the_promises_of_others,
    updates_before_responses,
    not_monotone,
)
