"""Questions of people find the right topic, and questions about something else find none."""

import pytest

from tests.unit.help_topics.quality import LANGUAGES, TABLES, asked, measured
from tests.unit.help_topics.shipped import shipped_topics


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("table", "first", "among_three", "mistakes"), [("tuned", 0.96, 0.98, 0.15), ("held_out", 0.86, 0.9, 0.12)]
)
def test_enough_questions_find_their_topic(
    table: str, language: str, first: float, among_three: float, mistakes: float
) -> None:
    """A change that makes the bot worse is noticed; docs/help-topics.md states the numbers."""
    found = measured(shipped_topics(), table, language)
    assert found.first >= first * found.questions, found
    assert found.among_three >= among_three * found.questions, found
    assert found.found_by_mistake <= mistakes * found.unanswerable, found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_ask_what_the_topics_do_not_say(language: str) -> None:
    """A question that a topic has word for word would measure nothing; every topic is asked for."""
    topics = shipped_topics()
    said = {
        each.casefold()
        for topic in topics.set.topics.values()
        for each in (topic.text(language).title, *topic.text(language).questions)
    }
    for table in TABLES:
        questions = asked(table, language)
        assert {each.topic for each in questions} == {None, *topics.set.topics}
        assert [each for each in questions if each.question.casefold() in said] == []
        assert len([each for each in questions if each.topic]) >= 60
        assert len([each for each in questions if not each.topic]) >= 20
