"""[pure] Who may use which channel on which plan, at which tier, and what else a plan gives."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple, TypeVar

from services.board.policy.rule_list import Rule, Rules
from shared.explain.edition_words import EditionWords, adds, admitted, capital
from shared.policy.condition import Condition
from shared.policy.condition_words import in_words
from shared.policy.model import RIGHTS

T = TypeVar("T")


class Line(NamedTuple):
    """A part of a cell: at which tier, for whom, by the rules with these numbers."""

    tier: str
    people: str
    rules: tuple[Rule, ...]


class ChannelCell(NamedTuple):
    """Who may use a channel on neighbouring plans. `includes` says which plan's rules hold as well; "" if none adds
    anything.
    """

    plans: tuple[str, ...]
    lines: tuple[Line, ...]
    includes: str


class ChannelRow(NamedTuple):
    """A channel, and who may use it: plans of which the same is true share a cell. `about` holds for everybody."""

    name: str
    staffed: bool
    about: tuple[str, ...]
    cells: tuple[ChannelCell, ...]


class Right(NamedTuple):
    """What a plan may give beside its access, and which neighbouring plans do or do not."""

    name: str
    cells: tuple[tuple[tuple[str, ...], bool], ...]


def channel_rows(view: EditionWords, access: Rules) -> Iterator[ChannelRow]:
    """Every channel of the edition, in its order."""
    for name, policy in view.edition.channels.items():
        held = {plan: _on_plan(view, access, plan, name) for plan in view.edition.plans}
        yield ChannelRow(
            capital(view.messages.name("channel", name)),
            policy.staffed,
            tuple(_about_channel(view, name)),
            tuple(ChannelCell(plans, *same) for plans, same in _shared(view, held)),
        )


def rights(view: EditionWords) -> Iterator[Right]:
    """What plans may give beside their access."""
    for right in RIGHTS:
        held = {name: bool(getattr(plan, right)) for name, plan in view.edition.plans.items()}
        yield Right(view.messages(f"policy.{right}"), tuple(_shared(view, held)))


def _shared(view: EditionWords, held: Mapping[str, T]) -> Iterator[tuple[tuple[str, ...], T]]:
    """What is true of each plan, once for neighbours of which the same is true, with their names."""
    for value, plans in groupby(held, key=held.__getitem__):
        yield tuple(capital(name) for name in view.names("plan", list(plans))), value


def _on_plan(view: EditionWords, access: Rules, plan: str, channel: str) -> tuple[tuple[Line, ...], str]:
    lines = tuple(
        Line(each.tier, each.people, tuple(access.of(rule) for rule in each.rules))
        for each in admitted(view, plan, channel)
    )
    included = adds(view.edition, plan, channel)
    return lines, "" if included is None else view.messages("policy.includes", plan=included)


def _about_channel(view: EditionWords, channel: str) -> Iterator[str]:
    words, policy = view.messages, view.edition.channels[channel]
    if policy.around_the_clock:
        yield words("policy.around_the_clock")
    if policy.requires != Condition():
        yield words("policy.needs", what=in_words(policy.requires, words))
    if policy.fallback:
        yield words("policy.fallback", channels=policy.fallback)
