"""[pure] What is promised, by priority and plan: of each milestone the first target that holds."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from services.board.policy.rule_list import Rule, Rules
from shared.contracts.vocabulary import Promise
from shared.explain.edition_words import EditionWords, capital, condition_of, hours_of
from shared.policy.condition import Condition
from shared.policy.condition_words import in_words
from shared.policy.model import Target
from shared.policy.target_length import target_length


class Promised(NamedTuple):
    """A target in a cell. `only` is for whom, beside priority and plan; "" if for everybody there."""

    milestone: str
    length: str
    hours: str
    promise: Promise
    promise_name: str
    only: str
    rule: Rule


class TargetRow(NamedTuple):
    """What cases of a priority are promised, for each column."""

    priority: str
    cells: tuple[tuple[Promised, ...], ...]


class TargetGrid(NamedTuple):
    """`columns` are plans: those with the same promises share one. `none` are plans without any."""

    columns: tuple[tuple[str, ...], ...]
    rows: tuple[TargetRow, ...]
    none: tuple[str, ...]


def target_grid(view: EditionWords, targets: Rules) -> TargetGrid:
    """The promises of the edition of `view`. Plans keep their order where neighbours share a column."""
    edition, words = view.edition, view.messages
    priorities = list(edition.priorities)
    by_plan = {
        plan: tuple(tuple(_cell(view, targets, plan, priority)) for priority in priorities) for plan in edition.plans
    }
    promised = [plan for plan, cells in by_plan.items() if any(cells)]
    columns = [tuple(plans) for _, plans in groupby(promised, key=by_plan.__getitem__)]
    return TargetGrid(
        columns=tuple(tuple(map(capital, view.names("plan", plans))) for plans in columns),
        rows=tuple(
            TargetRow(priority, tuple(by_plan[plans[0]][number] for plans in columns))
            for number, priority in enumerate(priorities)
        ),
        none=tuple(capital(words.name("plan", plan)) for plan, cells in by_plan.items() if not any(cells)),
    )


def _cell(view: EditionWords, targets: Rules, plan: str, priority: str) -> Iterator[Promised]:
    """The targets that can hold, by milestone in the edition's order; none after one that holds for everybody."""
    for milestone in view.edition.milestones:
        for target in view.edition.targets:
            if target.milestone != milestone or not _may_hold(target, plan, priority):
                continue
            rest = condition_of(target).model_copy(update={"plans": None})
            yield _promised(view, target, "" if rest == Condition() else in_words(rest, view.messages), targets)
            if rest == Condition():
                break


def _may_hold(target: Target, plan: str, priority: str) -> bool:
    of_plan = target.plans is None or plan in target.plans
    return of_plan and (target.priorities is None or priority in target.priorities)


def _promised(view: EditionWords, target: Target, only: str, targets: Rules) -> Promised:
    words = view.messages
    hours = hours_of(target, words)
    if target.calendar is not None:
        hours = words("policy.own_calendar", hours=hours, calendar=target.calendar)
    return Promised(
        capital(words.name("milestone", target.milestone)),
        target_length(target.model_dump(), words),
        hours,
        target.promise,
        words.name("promise", target.promise),
        only,
        targets.of(target),
    )
