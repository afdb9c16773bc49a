"""How an edition is combined from its base, its parts and its own fields."""

import pytest

from shared.policy.mistakes import Mistake
from tests.unit.policy.small_edition import FILE, SMALL, changed, edition, line_of, mistakes

BASE = SMALL.replace("edition: small", "edition: base")
CHILD = """\
edition: child
extends: base
plans:
  access: {priority_response: true}
targets:
  - {plans: [access], priorities: [P1], milestone: restoration, target_seconds: 5s, hours: elapsed, promise: commitment}
regional_hours:
  regions:
    spain: [AD]
"""


def test_mappings_are_merged_field_by_field_and_lists_replaced_whole() -> None:
    """Half a list is nobody's intention; half a mapping is what an edition that changes one thing is made of."""
    base, child = edition(BASE), edition(CHILD, base=BASE)
    assert child.edition == "child"
    assert child.plans["access"].priority_response
    assert child.plans["access"].name == base.plans["access"].name
    assert child.plans["premier"] == base.plans["premier"]
    assert [(target.milestone, target.target_seconds) for target in child.targets] == [("restoration", 5)]
    assert child.regional_hours.regions == {"PT": "south", "IT": "south", "AD": "spain"}
    unchanged = {"edition", "plans", "targets", "regional_hours"}
    assert child.model_dump(exclude=unchanged) == base.model_dump(exclude=unchanged)


def test_a_mistake_is_told_where_it_was_written_be_it_in_the_base_or_not() -> None:
    """The file that somebody has to edit is the one that has the mistake."""
    bad_base = changed("resource: articles", "resource: article", BASE)
    bad_child = changed("P1]", "P9]", CHILD)
    found = mistakes(bad_child, base=bad_base)
    assert [(each.file, each.line, each.field) for each in found] == [
        (FILE, line_of("P9]", bad_child), "targets[0].priorities[0]"),
        ("base.yaml", line_of("resource: article", bad_base), "channels.help_center.resource"),
    ]


def test_a_mistake_in_what_was_replaced_is_no_mistake() -> None:
    """The list of the base is replaced, and so are its places."""
    bad_base = changed("priorities: [P3]", "priorities: [P9]", BASE)
    assert mistakes(CHILD, base=bad_base) == ()


def test_a_base_may_extend_another() -> None:
    """Each file has only what it changes."""
    grandchild = 'edition: grandchild\nextends: child\neffective_from: "2027-01-01T00:00:00Z"\n'
    found = edition(grandchild, base=BASE, child=CHILD)
    assert (found.edition, found.effective_from.year, found.targets[0].target_seconds) == ("grandchild", 2027, 5)


def test_parts_bring_whole_sections() -> None:
    """Long tables are shared by editions, or are just easier to read in a file of their own."""
    head, tail = SMALL[: SMALL.index("calendars:")], SMALL[SMALL.index("calendars:") :]
    assert edition(f"parts: [hours.yaml]\n{head}", hours=tail) == edition()


def test_a_mistake_in_a_part_is_told_with_the_parts_file_and_line() -> None:
    """Not with those of the edition that names it."""
    head, tail = SMALL[: SMALL.index("calendars:")], SMALL[SMALL.index("calendars:") :]
    (found,) = mistakes(f"parts: [hours.yaml]\n{head}", hours=changed("Europe/Rome", "Europe/Roma", tail))
    assert (found.file, found.line, found.field) == ("hours.yaml", 6, "calendars.south.timezone")


REFUSED = {
    "unknown base": ("edition: x\nextends: bass\n", "extends", 2, "bass.yaml is not there", "base.yaml"),
    "base that is no name": ("edition: x\nextends: [base]\n", "extends", 2, "must be the name or the file", None),
    "no name of its own": ("extends: base\n", "edition", 1, "an edition that extends another has its own name", None),
    "itself as base": ("edition: x\nextends: small\n", "extends", 2, "is a cycle: small.yaml", None),
    "unknown part": (f"parts: [nowhere.yaml]\n{SMALL}", "parts[0]", 1, "nowhere.yaml is not there", None),
    "part that is no name": (f"parts: [1]\n{SMALL}", "parts[0]", 1, "must be the name of a file", None),
    "parts that are no list": (f"parts: base.yaml\n{SMALL}", "parts", 1, "must be a list of files", None),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_put_together_is_refused(case: tuple[str, str, int, str, str | None]) -> None:
    """With the line that names what is not there, and what is."""
    text, field, line, message, allowed = case
    (found,) = mistakes(text, base=BASE, small=SMALL)
    assert (found.file, found.line, found.field) == (FILE, line, field)
    assert message in found.message
    assert allowed is None or allowed in (found.allowed or "")


def test_bases_that_go_round_are_refused() -> None:
    """Also where the circle does not come back to the first file."""
    one, two = "edition: one\nextends: two\n", "edition: two\nextends: one\n"
    (found,) = mistakes("edition: x\nextends: one\n", one=one, two=two)
    assert found.message == "is a cycle: small.yaml -> one.yaml -> two.yaml -> one.yaml"
    assert (found.file, found.line) == ("two.yaml", 2)


def test_a_section_comes_from_one_place() -> None:
    """Which of two would count is a guess."""
    (found,) = mistakes(f"parts: [more.yaml]\n{SMALL}", more="# twice\nresources: {}\n")
    expected = Mistake("more.yaml", 2, "resources", "is given twice; small.yaml has it too")
    assert found == expected


def test_parts_that_cannot_be_read_are_told_together() -> None:
    """One run, all files."""
    found = mistakes(f"parts: [one.yaml, two.yaml, three.yaml]\n{SMALL}", one="[", two="a: 1\na: 2\n")
    assert [(each.file, each.line) for each in found] == [("one.yaml", 1), ("two.yaml", 2), (FILE, 1)]
