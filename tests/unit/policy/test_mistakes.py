"""Every kind of mistake in a policy file gives its file, line, field, what is wrong and what is allowed."""

import pytest

from shared.policy.mistakes import Mistake
from tests.unit.policy.slip import Slip
from tests.unit.policy.slips_in_calendars_and_numbers import CALENDARS_AND_NUMBERS
from tests.unit.policy.slips_in_the_model import MODEL
from tests.unit.policy.slips_in_the_rules import RULES
from tests.unit.policy.slips_in_the_words import WORDS
from tests.unit.policy.small_edition import FILE, SMALL, changed, edition, line_of, mistakes

SLIPS = {**MODEL, **WORDS, **RULES, **CALENDARS_AND_NUMBERS}


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS.keys())
def test_a_mistake_has_its_place_and_the_allowed_values(slip: Slip) -> None:
    """Operators edit these files by hand: without the line and the field, a long file is searched by eye."""
    text = changed(slip.old, slip.new)
    found = mistakes(text)
    line = line_of(slip.at or slip.new.split("\n")[0], text)
    assert (FILE, line, slip.field) in [(each.file, each.line, each.field) for each in found], list(map(str, found))
    (mistake,) = [each for each in found if (each.line, each.field) == (line, slip.field)]
    assert slip.message in mistake.message
    if slip.allowed is not None:
        assert slip.allowed in (mistake.allowed or "")


def test_the_small_edition_has_no_mistake() -> None:
    """Else the table above would show nothing."""
    assert mistakes(SMALL) == ()
    assert edition().edition == "small"


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    """Mending a file one mistake and one run at a time is a chore; what cannot be read must not hide the rest."""
    chosen = [
        SLIPS["unknown resource"],
        SLIPS["missing field"],
        SLIPS["alternative that is never reached"],
        SLIPS["not a duration"],
        SLIPS["levels that do not ascend"],
        SLIPS["other extension than printed"],
        SLIPS["unknown zone"],
    ]
    text = SMALL
    for slip in chosen:
        text = changed(slip.old, slip.new, text)
    found = mistakes(text)
    assert [each.field for each in found] == [slip.field for slip in chosen]
    assert [each.line for each in found] == sorted(each.line or 0 for each in found)


def test_a_slip_is_told_once() -> None:
    """A value that fits none of several shapes is one mistake, though the model tries each of them."""
    found = mistakes(changed('["2026-12-25"]', "true"))
    assert [(each.field, each.line) for each in found] == [("calendars.south.holidays", line_of("  south: {", SMALL))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a policy file"),
        ("- a list", "is not a policy file"),
        ("a: \0", "is not YAML"),
        ("a: [", "is not YAML"),
    ],
)
def test_what_is_no_document_is_refused(text: str, message: str) -> None:
    """An empty or foreign file gets one plain sentence, not thirty missing sections."""
    (mistake,) = mistakes(text)
    assert message in mistake.message


@pytest.mark.parametrize(
    ("text", "line", "plain"),
    [
        ("a:\n\tb: 1\n", 2, "indent with spaces"),
        ("a:\n  b: {x: 1}\n   c: {x: 1}\n", 3, "indent it as the fields"),
        ("a: 1\npriorities\n  b: 1\nc: 2\n", 2, "colon after the name"),
        ("a: {name: #1 in sales, b: 2}\nc: {d: 1}\n", 2, "the bracket of line 1"),
        ("b: 1\na: [1, 2\nc: 3\n", 3, "the bracket of line 2"),
        ("source: Support: the page\n", 1, "quotes around a text with a colon"),
        ("a: @desk\n", 1, "quotes around a text that begins so"),
        ('a: "x" y\n', 1, "a quote or bracket too many"),
        ("plans:\n  gold: Gold\n    name: x\n", 3, "or indent the line as the one before"),
        ("a: 1\nb: 'x\nc: y\n", 2, "close the quote of line 2"),
        ('a: "x\n', 1, "close the quote of line 1"),
        ("a: *desk\n", 1, "quotes around a text that begins with *"),
        ("a:\n  <<: *desk\n", 2, "an alias needs its anchor (&) before it"),
        ("a: *\n", 1, "quotes around a text that begins so"),
        ("a: 1\nb: 'x\n---\n", 2, "close the quote of line 2"),
        ('a: "C:\\desk"\n', 1, "in single quotes"),
    ],
)
def test_a_file_that_is_not_yaml_gets_plain_words_on_what_to_do(text: str, line: int, plain: str) -> None:
    """Who writes an edition knows the desk, not the parser, whose own words stay behind it for a search."""
    (mistake,) = mistakes(text)
    assert mistake.line == line
    assert mistake.message.startswith("is not YAML: ")
    assert plain in mistake.message
    assert mistake.message.endswith(")")


def test_a_mistake_reads_as_one_line_that_editors_can_jump_to() -> None:
    """file:line: is what editors and terminals turn into a link."""
    mistake = Mistake("p.yaml", 3, "access[0].tier", "'x' is not allowed here", "tier1, tier2")
    assert str(mistake) == "p.yaml:3: access[0].tier: 'x' is not allowed here; allowed: tier1, tier2"
    assert str(Mistake("p", None, "", "is empty")) == "p: is empty"


@pytest.mark.parametrize(("characters", "fits"), [(900_000, True), (1_100_000, False)])
def test_an_edition_must_fit_its_topic(characters: int, fits: bool) -> None:
    """Else each request would be dead-lettered at the first decision, since the edition cannot be published."""
    found = mistakes(changed("source: nobody\ntiers:", f"source: {'n' * characters}\ntiers:"))
    assert (found == ()) is fits, [each.message[:200] for each in found]
    if not fits:
        assert [(each.file, each.line) for each in found] == [(FILE, 1)]
        assert "support.editions.v1 allows" in found[0].message
