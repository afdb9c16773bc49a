"""How the fields of a file are merged over those of its base, and where each merged field was written."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from shared.policy.document import Path, Place, Source, Tree, parse
from shared.policy.merging import merge

RULES = """\
rules:
  - {id: a, tier: one, any_of: [{paid: true}, {paid: false}]}
  - {id: b, tier: two}
  - {id: c, tier: three}
"""

# name -> base, over, sections of `replace`, result
MERGED: dict[str, tuple[str, str, set[str], str]] = {
    "a new field is added after those of the base": ("a: 1\n", "b: 2\n", set(), "{a: 1, b: 2}"),
    "a text replaces a text": ("a: x\n", "a: y\n", set(), "{a: y}"),
    "a mapping is merged field by field": ("m: {a: 1, b: 2}\n", "m: {b: 3, c: 4}\n", set(), "{m: {a: 1, b: 3, c: 4}}"),
    "at every depth": ("m: {n: {a: 1, b: 2}}\n", "m: {n: {b: 3}}\n", set(), "{m: {n: {a: 1, b: 3}}}"),
    "an empty mapping empties": ("m: {n: {a: 1}, o: 2}\n", "m: {n: {}}\n", set(), "{m: {n: {}, o: 2}}"),
    "an empty section empties": ("m: {a: 1}\n", "m: {}\n", set(), "{m: {}}"),
    "an empty mapping is merged with what comes": ("m: {}\n", "m: {a: 1}\n", set(), "{m: {a: 1}}"),
    "null takes an optional value away": ("m: {a: 1, b: 2}\n", "m: {a: null}\n", set(), "{m: {a: null, b: 2}}"),
    "null is merged with what comes": ("m:\n", "m: {a: 1}\n", set(), "{m: {a: 1}}"),
    "an empty list empties": ("l: [1, 2]\n", "l: []\n", set(), "{l: []}"),
    "a list replaces a list": ("l: [1, 2]\n", "l: [3]\n", set(), "{l: [3]}"),
    "a list of mappings without id replaces": ("l: [{a: 1}]\n", "l: [{b: 2}]\n", set(), "{l: [{b: 2}]}"),
    "a list replaces a mapping": ("m: {a: 1}\n", "m: [1]\n", set(), "{m: [1]}"),
    "a mapping replaces a list": ("l: [{id: a}]\n", "l: {id: a}\n", set(), "{l: {id: a}}"),
    "known ids are merged, the others stay in their place and order": (
        RULES,
        "rules: [{id: c, tier: drei}, {id: a, note: n}]\n",
        set(),
        "{rules: [{id: a, tier: one, any_of: [{paid: true}, {paid: false}], note: n}, {id: b, tier: two},"
        " {id: c, tier: drei}]}",
    ),
    "a list inside an item of the same id follows the same rule": (
        RULES,
        "rules: [{id: a, any_of: [{}]}]\n",
        set(),
        "{rules: [{id: a, tier: one, any_of: [{}]}, {id: b, tier: two}, {id: c, tier: three}]}",
    ),
    "lists of ids inside lists of ids": (
        "rules: [{id: a}, {id: b, steps: [{id: x, n: 1}, {id: y, n: 2}]}]\n",
        "rules: [{id: b, steps: [{id: y, n: 3}]}]\n",
        set(),
        "{rules: [{id: a}, {id: b, steps: [{id: x, n: 1}, {id: y, n: 3}]}]}",
    ),
    "one new id: the list replaces": (
        RULES,
        "rules: [{id: a, tier: eins}, {id: new}]\n",
        set(),
        "{rules: [{id: a, tier: eins}, {id: new}]}",
    ),
    "one item without id: the list replaces": (
        RULES,
        "rules: [{id: a, tier: eins}, {tier: zwei}]\n",
        set(),
        "{rules: [{id: a, tier: eins}, {tier: zwei}]}",
    ),
    "an id that is no text is no id": ("l: [{id: 1, n: 1}]\n", "l: [{id: 1}]\n", set(), "{l: [{id: 1}]}"),
    "an id that is a list is no id": ("l: [{id: [a]}]\n", "l: [{id: [a], n: 1}]\n", set(), "{l: [{id: [a], n: 1}]}"),
    "ids over items without ids: the list replaces": ("l: [{n: 1}]\n", "l: [{id: a}]\n", set(), "{l: [{id: a}]}"),
    "an id that is there twice names no item: the list replaces": (
        "l: [{id: a}, {id: b}]\n",
        "l: [{id: a}, {id: a, n: 1}]\n",
        set(),
        "{l: [{id: a}, {id: a, n: 1}]}",
    ),
    "an id that the base has twice names no item": (
        "l: [{id: a}, {id: a, n: 1}]\n",
        "l: [{id: a}]\n",
        set(),
        "{l: [{id: a}]}",
    ),
    "an emptied condition of a merged item": (
        "l: [{id: a, when: {paid: true}}]\n",
        "l: [{id: a, when: {}}]\n",
        set(),
        "{l: [{id: a, when: {}}]}",
    ),
    "replace forces a mapping": ("m: {a: 1, b: 2}\n", "m: {b: 3}\n", {"m"}, "{m: {b: 3}}"),
    "replace forces a list of known ids": (RULES, "rules: [{id: b}]\n", {"rules"}, "{rules: [{id: b}]}"),
    "replace leaves other sections": (
        "m: {a: 1}\nn: {a: 1}\n",
        "m: {b: 2}\nn: {b: 2}\n",
        {"m"},
        "{m: {b: 2}, n: {a: 1, b: 2}}",
    ),
    "replace of a section that the base lacks": ("a: 1\n", "m: {b: 2}\n", {"m"}, "{a: 1, m: {b: 2}}"),
    "replace is for sections alone, not for fields of their name": (
        "n: {m: {a: 1}}\n",
        "n: {m: {b: 2}}\n",
        {"m"},
        "{n: {m: {a: 1, b: 2}}}",
    ),
}


@pytest.mark.parametrize("case", MERGED.values(), ids=MERGED.keys())
def test_the_rule_of_merging(case: tuple[str, str, set[str], str]) -> None:
    """Each kind of field, over each kind of field; and the order of fields, which the digest depends on."""
    base, over, replaced, expected = case
    found = merge(tree(base, "base.yaml"), tree(over, "over.yaml"), replaced)
    wanted = YAML(typ="safe").load(expected)
    assert (found.data, list(found.data)) == (wanted, list(wanted))
    check_places(found)


def test_each_field_has_the_place_where_its_value_was_written() -> None:
    """A mistake sends its reader to the right file and line, also where a list was merged by id."""
    over = "rules:\n  - {id: c, tier: drei}\n  - id: a\n    note: n\n"
    found = merge(tree(RULES, "base.yaml"), tree(over, "over.yaml"))
    places = {
        ("rules",): ("over.yaml", 1),
        ("rules", 0): ("over.yaml", 3),
        ("rules", 0, "tier"): ("base.yaml", 2),
        ("rules", 0, "any_of", 1, "paid"): ("base.yaml", 2),
        ("rules", 0, "note"): ("over.yaml", 4),
        ("rules", 1): ("base.yaml", 3),
        ("rules", 1, "tier"): ("base.yaml", 3),
        ("rules", 2): ("over.yaml", 2),
        ("rules", 2, "tier"): ("over.yaml", 2),
    }
    assert {path: found.place(path)[:2] for path in places} == places


def test_a_mistake_names_the_field_as_it_is_written_in_its_file() -> None:
    """The first rule of a file may be the third of its edition; its author counts in the file."""
    found = merge(tree(RULES, "base.yaml"), tree("rules:\n  - {id: c, tier: drei}\n", "over.yaml"))
    assert str(found.mistake(("rules", 2, "tier"), "is wrong")) == "over.yaml:2: rules[0].tier: is wrong"
    assert str(found.mistake(("rules", 2, "source"), "is missing")) == "over.yaml:2: rules[0].source: is missing"
    assert str(found.mistake(("rules", 1, "tier"), "is wrong")) == "base.yaml:3: rules[1].tier: is wrong"


def test_nothing_of_a_replaced_value_keeps_its_place() -> None:
    """Else a mistake in the new value could be reported on a line of the old one."""
    found = merge(tree("l: [{a: 1}, {a: 2}]\nm: {a: 1}\n", "base.yaml"), tree("l: [{}]\nm: {}\n", "over.yaml"))
    assert {place.file for place in found.places.values()} == {"over.yaml"}


# --- properties -------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["id", "a", "b", "c"])


def named_items(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Lists whose items have different ids: what is merged by id."""
    return st.lists(st.sampled_from(["x", "y", "z"]), unique=True, min_size=1).flatmap(
        lambda ids: st.tuples(*(st.dictionaries(NAMES, inner, max_size=2).map(_with_id(each)) for each in ids)).map(
            list
        )
    )


def _with_id(each: str) -> Any:
    return lambda fields: {"id": each, **{name: value for name, value in fields.items() if name != "id"}}


VALUES = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from(["x", "y", "z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3) | named_items(inner),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from(["s", "t", "u"]), VALUES | named_items(VALUES), max_size=3)
# As in editions, a field is a mapping in each file that has it, or a value in each.
MAPPINGS = st.dictionaries(
    NAMES, st.dictionaries(NAMES, st.dictionaries(NAMES, st.integers(0, 9), min_size=1), min_size=1), max_size=3
)
REPLACED = st.sets(st.sampled_from(["s", "t", "u"]), max_size=1)


@given(DOCUMENTS, DOCUMENTS, REPLACED)
def test_every_path_of_merged_data_has_its_place_and_no_other_path_has(
    base: dict[str, Any], over: dict[str, Any], replaced: set[str]
) -> None:
    """Without a place, a mistake would be on line 1; with a stale one, on a line that has nothing to do with it."""
    check_places(merge(written(base, "base.yaml"), written(over, "over.yaml"), replaced))


@given(DOCUMENTS, DOCUMENTS)
def test_every_value_is_found_at_the_place_that_its_path_has(base: dict[str, Any], over: dict[str, Any]) -> None:
    """In the file of the place, at the path of the place."""
    trees = {"base.yaml": written(base, "base.yaml"), "over.yaml": written(over, "over.yaml")}
    found = merge(trees["base.yaml"], trees["over.yaml"])
    for path, place in found.places.items():
        value, source = _at(found.data, path), _at(trees[place.file].data, place.path)
        if not isinstance(value, dict | list):
            assert value == source


@given(DOCUMENTS, DOCUMENTS, REPLACED)
def test_everything_that_a_file_says_is_in_the_result(
    base: dict[str, Any], over: dict[str, Any], replaced: set[str]
) -> None:
    """No field of it is lost, whatever the base has."""
    found = merge(written(base, "base.yaml"), written(over, "over.yaml"), replaced)
    assert {place.path for place in found.places.values() if place.file == "over.yaml"} == set(_paths(over, ()))


@given(MAPPINGS, MAPPINGS, MAPPINGS)
def test_fields_by_name_are_merged_the_same_in_every_grouping(
    first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]
) -> None:
    """Of a chain of editions, the last that says something of a field counts, wherever the chain is cut."""
    trees = [written(data, f"{number}.yaml") for number, data in enumerate((first, second, third))]
    left = merge(merge(trees[0], trees[1]), trees[2])
    assert left == merge(trees[0], merge(trees[1], trees[2]))


@given(DOCUMENTS)
def test_a_file_without_fields_changes_nothing(base: dict[str, Any]) -> None:
    """An edition that extends another with its name alone is that edition."""
    found = merge(written(base, "base.yaml"), written({}, "over.yaml"))
    assert found.data == base


@given(DOCUMENTS)
def test_an_edition_merged_with_itself_is_itself(base: dict[str, Any]) -> None:
    """Repeating what the base has is no change, be it by id or as a whole."""
    found = merge(written(base, "base.yaml"), written(base, "over.yaml"))
    assert repr(found.data) == repr(base)


@given(DOCUMENTS, DOCUMENTS)
def test_the_same_change_twice_is_the_change_once(base: dict[str, Any], over: dict[str, Any]) -> None:
    """What a file says counts, not how often."""
    once = merge(written(base, "base.yaml"), written(over, "over.yaml"))
    assert repr(merge(once, written(over, "again.yaml")).data) == repr(once.data)


@given(DOCUMENTS, DOCUMENTS, REPLACED)
def test_a_merge_leaves_the_trees_that_it_merges_as_they_are(
    base: dict[str, Any], over: dict[str, Any], replaced: set[str]
) -> None:
    """The base is compared with the result, to find what vanished."""
    first, second = written(base, "base.yaml"), written(over, "over.yaml")
    before = repr((first, second))
    merge(first, second, replaced)
    assert repr((first, second)) == before


def tree(text: str, file: str) -> Tree:
    """The text of a file as data with places."""
    return parse(Source(file, text))


def written(data: dict[str, Any], file: str) -> Tree:
    """Data as if it had been read from `file`; each path has a line of its own."""
    return Tree(data, {path: Place(file, line, path) for line, path in enumerate(_paths(data, ()), 1)})


def check_places(found: Tree) -> None:
    """There is a place for each path of the data, and for no other."""
    assert set(found.places) == set(_paths(found.data, ()))


def _paths(value: Any, path: Path) -> Iterator[Path]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield from _paths(each, (*path, step))


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value
