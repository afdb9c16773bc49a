"""[pure] The conditions of `--fail-on`: NAME OPERATOR NUMBER, such as newly_breached>0."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from shared.messages.reason import Reason

_OPERATORS: Mapping[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_FORM = re.compile(rf"\s*([A-Za-z_][\w.-]*)\s*({'|'.join(map(re.escape, _OPERATORS))})\s*([0-9]{{1,18}})\s*")


class Condition(NamedTuple):
    """A count, compared with a number."""

    name: str
    operator: str
    number: int

    def __str__(self) -> str:
        return f"{self.name}{self.operator}{self.number}"

    def holds(self, counts: Mapping[str, int]) -> bool:
        """Whether it is true of these counts."""
        return _OPERATORS[self.operator](counts[self.name], self.number)


def parse(text: str, names: Sequence[str]) -> Condition | Reason:
    """The condition in `text`, or why it is none; `names` are the counts that there are."""
    found = _FORM.fullmatch(text)
    if found is None:
        operators = list(_OPERATORS)
        return Reason("backtest.condition.form", text=text[:100], operators=operators)
    name, sign, number = found.groups()
    if name not in names:
        return Reason("backtest.condition.name", text=name[:100], allowed=list(names))
    return Condition(name, sign, int(number))
