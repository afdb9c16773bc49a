"""`--fail-on`: a small language, of which every mistake says what is allowed."""

import pytest

from services.cli.policy.backtest.conditions import Condition, parse
from shared.messages.catalogues import messages_in

NAMES = ("newly_breached", "not_comparable")


@pytest.mark.parametrize(
    ("text", "count", "holds"),
    [
        ("newly_breached>0", 1, True),
        ("newly_breached>0", 0, False),
        ("newly_breached >= 2", 2, True),
        ("newly_breached<2", 2, False),
        (" newly_breached <= 2 ", 2, True),
        ("newly_breached==2", 2, True),
        ("newly_breached!=2", 2, False),
    ],
)
def test_a_condition_compares_a_count_with_a_number(text: str, count: int, holds: bool) -> None:
    """White space does not matter."""
    condition = parse(text, NAMES)
    assert isinstance(condition, Condition)
    assert condition.holds({"newly_breached": count}) is holds


@pytest.mark.parametrize(
    "text", ["", "newly_breached", "newly_breached>", ">0", "newly_breached=0", "newly_breached>-1"]
)
@pytest.mark.parametrize("more", ["", " and x>1", "x"])
def test_what_is_no_condition_is_refused_with_the_form(text: str, more: str) -> None:
    """No expression of several parts, and no guess of what was meant."""
    sentence = messages_in("en").reason(parse(text + more, NAMES))
    assert "NAME OPERATOR NUMBER" in sentence
    assert ">=, <=, ==, !=, >, <" in sentence


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    """Otherwise a mistyped condition would never hold, and the check would pass for ever."""
    sentence = messages_in("en").reason(parse("newly_breeched>0", NAMES))
    assert "newly_breeched" in sentence
    assert "newly_breached, not_comparable" in sentence


def test_a_condition_is_shown_as_it_is_written() -> None:
    """Without its white space."""
    assert str(parse(" newly_breached  > 0", NAMES)) == "newly_breached>0"
    assert Condition("newly_breached", ">", 0) == parse("newly_breached>0", NAMES)
