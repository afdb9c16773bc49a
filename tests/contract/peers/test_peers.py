"""What the published tests of other help desks and calendars say holds here too, or differs by a rule of ours."""

import json
import re
from collections import Counter
from collections.abc import Iterable

import pytest

from tests.contract.peers.answers import ours, said
from tests.contract.peers.facts import HERE, SOURCES, AnyFact, Case, Collection, Days, Works, collection
from tests.contract.tree import ROOT

RULES: dict[str, dict[str, str]] = json.loads((HERE / "rules.json").read_text(encoding="utf-8"))
COLLECTIONS = [collection(slug) for slug in SOURCES]
ALL = [(taken, fact) for taken in COLLECTIONS for fact in taken.facts]


def each(facts: Iterable[tuple[Collection, AnyFact]]) -> pytest.MarkDecorator:
    """One test for each fact, by the name of its source and its own."""
    return pytest.mark.parametrize(
        ("taken", "fact"), [pytest.param(taken, fact, id=f"{taken.slug}:{fact.id}") for taken, fact in facts]
    )


@each((taken, fact) for taken, fact in ALL if fact.differs is None and not isinstance(fact, Case))
def test_open_time_is_what_others_count(taken: Collection, fact: AnyFact) -> None:
    """Who comes from another tool finds the deadlines and durations that its tests promise."""
    assert ours(taken, fact) == said(taken, fact, fact.theirs), f"{fact.where} of {taken.files[fact.file].path}"


@each((taken, fact) for taken, fact in ALL if fact.differs is None and isinstance(fact, Case))
def test_clocks_stand_where_those_of_other_desks_do(taken: Collection, fact: AnyFact) -> None:
    """Pauses, replies, reopening and new terms move a deadline as the tests of other desks say."""
    assert ours(taken, fact) == said(taken, fact, fact.theirs), f"{fact.where} of {taken.files[fact.file].path}"


@each((taken, fact) for taken, fact in ALL if fact.differs is not None)
def test_another_answer_than_theirs_is_given_on_purpose(taken: Collection, fact: AnyFact) -> None:
    """Whoever compares finds each difference written down, with the rule that makes it; none is left that is none."""
    assert fact.differs is not None
    answer = ours(taken, fact)
    assert answer == said(taken, fact, fact.differs.ours), f"{fact.where} of {taken.files[fact.file].path}"
    assert answer != said(taken, fact, fact.theirs)
    assert fact.differs.rule in RULES


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_makes_a_difference_stands_where_users_read_it(name: str) -> None:
    """A difference is excused by what we say of ourselves in so many words, not by a list of exceptions."""
    rule = RULES[name]
    assert _in_one_line(rule["says"]) in _in_one_line((ROOT / rule["file"]).read_text(encoding="utf-8"))
    assert any(fact.differs is not None and fact.differs.rule == name for _, fact in ALL), "no fact needs it"


@pytest.mark.parametrize("slug", SOURCES)
def test_a_source_can_be_looked_up(slug: str) -> None:
    """Each fact names the place it was read at, and what was left out is counted, with the reason."""
    taken = collection(slug)
    assert taken.source.licence
    for file in taken.files.values():
        assert re.fullmatch(r"[0-9a-f]{40}", file.commit), file.path
        assert file.not_taken or any(fact.file == file.key for fact in taken.facts), f"{file.path} says nothing"
        assert all(left.count > 0 and left.why for left in file.not_taken), file.path
    assert all(fact.where for fact in taken.facts)
    assert set(taken.calendars) == {fact.calendar for fact in taken.facts} - {""}, "a calendar that nothing names"


def test_the_table_counts_what_is_there() -> None:
    """The overview in README.md is what a reader believes, so it may not lag behind."""
    rows = [_cells(line) for line in (HERE / "README.md").read_text(encoding="utf-8").splitlines() if "`data/" in line]
    assert rows == [_row(taken) for taken in sorted(COLLECTIONS, key=lambda taken: taken.slug)]


@pytest.mark.parametrize(("project", "slug"), [("GLPI", "glpi"), ("`zendesk/biz`", "zendesk-biz")])
def test_the_differences_that_remain_are_named_by_their_rules(project: str, slug: str) -> None:
    """Who comes from these two reads what changes for them, and that the count of business days does not."""
    differing = [fact for fact in collection(slug).facts if fact.differs is not None]
    readme = _in_one_line((HERE / "README.md").read_text(encoding="utf-8"))
    (listed,) = re.findall(rf" - {project}: ((?:`[a-z-]+` \(\d+\)[, .]*)+)", readme)
    counts = Counter(fact.differs.rule for fact in differing if fact.differs is not None)
    assert {name: int(count) for name, count in re.findall(r"`([a-z-]+)` \((\d+)\)", listed)} == counts
    assert f"{len(differing)} differences from {project}" in readme or f"the {len(differing)} from {project}" in readme
    assert not [fact.id for fact in differing if isinstance(fact, Days)]
    works = [fact.differs.rule for fact in differing if isinstance(fact, Works) and fact.differs is not None]
    assert works == {"glpi": [], "zendesk-biz": ["past-midnight"] * 2}[slug]


def _row(taken: Collection) -> list[str]:
    differing = sum(fact.differs is not None for fact in taken.facts)
    left = sum(left.count for file in taken.files.values() for left in file.not_taken)
    counts = [len(taken.facts), differing, left]
    return [taken.source.project, taken.source.licence, f"`data/{taken.slug}.jsonl`", *map(str, counts)]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
