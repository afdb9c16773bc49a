"""How an edition is combined from its base, its parts and its own fields."""

from pathlib import Path

import pytest

from shared.policy.digest import policy_sha256
from shared.policy.files import load_edition
from shared.policy.mistakes import Mistake
from shared.policy.model import Edition
from tests.unit.policy.section import section
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


def extended(fields: str) -> Edition:
    """The base with these fields, merged."""
    return edition(f"edition: child\nextends: base\n{fields}", base=BASE)


def renamed(document: Edition, name: str = "child") -> Edition:
    """The same edition under another name."""
    return document.model_copy(update={"edition": name})


def test_an_edition_that_adds_nothing_is_its_base_under_another_name() -> None:
    """The digest names the rules; without another rule it may differ by nothing but the name."""
    assert policy_sha256(extended("")) == policy_sha256(renamed(edition(BASE)))


@pytest.mark.parametrize("name", ["guidelines-2021", "objectives-2024", "demo"])
def test_a_shipped_edition_that_is_extended_by_nothing_is_the_same(name: str, tmp_path: Path) -> None:
    """Also with parts, with a base of its own, and with sections that are no text of one file."""
    path = tmp_path / "child.yaml"
    path.write_text(f"edition: child\nextends: {name}\n")
    assert policy_sha256(load_edition(path)) == policy_sha256(renamed(load_edition(name)))


@pytest.mark.parametrize("name", ["channels", "plans", "access", "priority_rules", "targets", "phone", "calendars"])
@pytest.mark.parametrize("replace", [False, True])
def test_a_section_repeated_from_the_base_changes_nothing(name: str, replace: bool) -> None:
    """Merged by name, by id, or put in its place as a whole."""
    fields = section(name, BASE) + (f"replace: [{name}]\n" if replace else "")
    assert policy_sha256(extended(fields)) == policy_sha256(renamed(edition(BASE)))


def test_rules_are_changed_by_their_id_and_the_others_stay() -> None:
    """Whoever changes one rule of twenty writes one; the order of priority rules decides, so it is the base's."""
    child = extended("priority_rules: [{id: p2, priority: P3}]\naccess: [{id: admins.tier1, note: ours}]\n")
    assert [(rule.id, rule.priority) for rule in child.priority_rules] == [("p4", "P4"), ("p2", "P3"), ("p1", "P1")]
    assert child.priority_rules[1].any_of == edition(BASE).priority_rules[1].any_of
    assert [(rule.id, rule.note) for rule in child.access] == [("all.self_service", None), ("admins.tier1", "ours")]


def test_rules_with_a_new_id_are_all_the_rules() -> None:
    """A new rule has no place among those of the base, and for priorities the place decides."""
    fields = "priority_rules: [{id: p9, priority: P4, any_of: [{}]}]\n"
    assert [rule.id for rule in extended(fields).priority_rules] == ["p9"]


def test_a_mistake_in_a_rule_that_is_merged_by_id_has_the_place_of_the_field() -> None:
    """The same rule can have fields of two files."""
    bad_base = changed("channels: [chat, web_ticket, phone]", "channels: [chat, fax]", BASE)
    bad_child = "edition: child\nextends: base\naccess:\n  - id: admins.tier1\n    tier: tier9\n"
    found = mistakes(bad_child, base=bad_base)
    assert [(each.file, each.line, each.field) for each in found] == [
        (FILE, 5, "access[0].tier"),
        ("base.yaml", line_of("[chat, fax]", bad_base), "access[1].channels[1]"),
    ]


def test_an_empty_section_or_field_empties() -> None:
    """Otherwise an edition that wants no calendars of countries would have to name each country of its base."""
    child = extended("regional_hours: {countries: {}, regions: {}}\ntargets: []\nphone: {countries: {}}\n")
    assert (child.regional_hours.countries, child.regional_hours.regions) == ({}, {})
    assert (child.regional_hours.default, child.targets, child.phone and child.phone.countries) == ("south", (), {})
    base = edition(BASE).phone
    assert child.phone is not None
    assert base is not None
    assert child.phone.tariff_note == base.tariff_note


def test_replace_puts_a_whole_section_in_the_place_of_the_bases() -> None:
    """A company with calendars of its own does not want those of the base beside them."""
    child = extended(
        "replace: [calendars, priority_rules]\n"
        "calendars: {home: {timezone: Europe/Madrid, hours: {mon: [['09:00', '18:00']]}}}\n"
        "regional_hours: {default: home, countries: {}, regions: {}}\n"
        "priority_rules: [{id: p1, priority: P1, any_of: [{}]}]\n"
    )
    assert list(child.calendars) == ["home"]
    assert [rule.id for rule in child.priority_rules] == ["p1"]


def test_a_part_may_bring_the_section_that_replaces() -> None:
    """Long tables are in files of their own, also in an edition that extends another."""
    text = "edition: child\nextends: base\nparts: [prices.yaml]\nreplace: [resources]\n"
    text += "channels: {help_center: {resource: manuals}}\n"
    child = edition(text, base=BASE, prices="resources: {manuals: {es: Manuales, en: Manuals}}\n")
    assert list(child.resources) == ["manuals"]


def test_each_edition_of_a_chain_replaces_what_its_own_base_has() -> None:
    """`replace` belongs to its file: an edition that extends that one merges again."""
    middle = "edition: middle\nextends: base\nreplace: [resources]\nresources: {manuals: {es: M, en: M}}\n"
    middle += "channels: {help_center: {resource: null}}\n"
    text = "edition: child\nextends: middle\nresources: {videos: {es: V, en: V}}\n"
    assert list(edition(text, base=BASE, middle=middle).resources) == ["manuals", "videos"]


REPLACE = {
    "unknown section": ("replace: [target]\ntargets: []\n", "replace[0]", "target is not a section", "mean targets?"),
    "no name": ("replace: [[targets]]\ntargets: []\n", "replace[0]", "['targets'] is not a section", "targets"),
    "no list": ("replace: targets\ntargets: []\n", "replace", "must be a list of sections", None),
    "null": ("replace:\ntargets: []\n", "replace", "must be a list of sections", None),
    "a section that the file lacks": ("replace: [targets]\n", "replace[0]", "which this file does not have", None),
    "how files are combined": ("replace: [parts]\n", "replace[0]", "parts is not a section", None),
}


@pytest.mark.parametrize("case", REPLACE.values(), ids=REPLACE.keys())
def test_a_wrong_replace_is_a_mistake(case: tuple[str, str, str, str | None]) -> None:
    """A section that nobody replaces by accident, or that nobody merges by accident, is named."""
    fields, field, message, allowed = case
    (found,) = mistakes(f"edition: child\nextends: base\n{fields}", base=BASE)
    assert (found.file, found.line, found.field) == (FILE, 3, field)
    assert message in found.message
    assert allowed is None or allowed in (found.allowed or "")


def test_replace_needs_a_base() -> None:
    """Without one there is nothing to replace, so somebody forgot `extends`."""
    (found,) = mistakes(f"replace: [targets]\n{SMALL}")
    assert (found.line, found.field) == (1, "replace")
    assert "needs `extends`" in found.message


def test_a_part_cannot_replace() -> None:
    """Parts hold sections; which of them replace those of the base is said by the edition."""
    (found,) = mistakes("edition: child\nextends: base\nparts: [more.yaml]\n", base=BASE, more="replace: [targets]\n")
    assert (found.file, found.line, found.field) == ("more.yaml", 1, "replace")


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
