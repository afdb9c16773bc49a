"""The examples of docs/help-topics.md are a set without mistakes, and the page states what is measured."""

import re
from pathlib import Path

import pytest

from shared.help_topics.files import load_topics
from shared.help_topics.topics import THRESHOLD, Topics
from tests.unit.help_topics.quality import measured
from tests.unit.help_topics.shipped import shipped_topics

PAGE = (Path(__file__).parents[3] / "docs" / "help-topics.md").read_text(encoding="utf-8")
LANGUAGES = {"English": "en", "Spanish": "es"}


@pytest.fixture
def example(tmp_path: Path) -> Topics:
    """The set of the page."""
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        name = found[1] if (found := re.search(r"^topic: (\w+)$", text, re.MULTILINE)) else "set"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return Topics(load_topics(tmp_path))


def test_the_example_is_a_set_that_can_be_asked(example: Topics) -> None:
    """Whoever copies it begins with something that works."""
    assert list(example.set.topics) == ["wifi"]
    assert [hit.topic.topic for hit in example.find("why is my wireles network so slow", "en")] == ["wifi"]
    assert example.find("hello acme", "en") == ()


def test_the_page_states_what_is_measured() -> None:
    """Numbers that nobody compares go out of date."""
    topics = shipped_topics()
    rows = re.findall(r"^\| (tuned|held out), (\w+) \| (\d+) of (\d+)\D.*?\| (\d+).*?\| (\d+) \| (\d+) \|$", PAGE, re.M)
    assert len(rows) == 4
    for table, language, first, questions, among_three, wrong_first, nothing in rows:
        found = measured(topics, table.replace(" ", "_"), LANGUAGES[language])
        assert found[:4] == (int(questions), int(first), int(among_three), int(wrong_first)), (table, language)
        assert int(nothing) == found.questions - found.first - found.wrong_first
    assert f"below {THRESHOLD} of 1" in PAGE
