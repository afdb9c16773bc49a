"""[pure] The rules of a section of an edition: numbered in their order, with their own words beside them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from shared.explain.edition_words import EditionWords
from shared.messages.messages import Messages
from shared.policy.condition import Condition
from shared.policy.condition_words import requests


class Rule(NamedTuple):
    """A rule: `id` is its own, or its place in the edition; `number` its place in its section, from 1.

    It holds if any of `when` does, and `gives` is what then follows. `anchor` is its address on the page.
    """

    anchor: str
    number: int
    id: str
    when: tuple[str, ...]
    gives: str
    source: str
    note: str


class Rules:
    """The rules of a section, by which cells name theirs."""

    def __init__(self, view: EditionWords, section: str, rules: Sequence[Any]) -> None:
        self._rules = rules
        self._known = {
            id(rule): Rule(
                anchor=f"{section.replace('.', '-').replace('_', '-')}-{index + 1}",
                number=index + 1,
                id=rule.id or f"{section}[{index}]",
                when=(),
                gives="",
                source=view.remark(getattr(rule, "source", None)),
                note=view.remark(getattr(rule, "note", None)),
            )
            for index, rule in enumerate(rules)
        }

    def of(self, rule: Any) -> Rule:
        """A rule of the section, to be named by its number."""
        return self._known[id(rule)]

    def listed(self, when: Callable[[Any], tuple[str, ...]], gives: Callable[[Any], str]) -> tuple[Rule, ...]:
        """All of them, with their conditions and what follows, in words."""
        return tuple(self.of(rule)._replace(when=when(rule), gives=gives(rule)) for rule in self._rules)


def alternatives_of(any_of: Iterable[Condition], messages: Messages) -> tuple[str, ...]:
    """Conditions on requests of which one is enough, in words."""
    return tuple(requests((when,), messages) for when in any_of)
