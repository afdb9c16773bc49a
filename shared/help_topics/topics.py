"""[pure] The help topics that a bot answers from: finds those that a question is about."""

from typing import NamedTuple

from shared.contracts.vocabulary import Language
from shared.help_topics.analysis import Analyzer
from shared.help_topics.digest import topics_sha256
from shared.help_topics.language_index import LanguageIndex
from shared.help_topics.model import Topic, TopicSet, TopicText

# A topic with a lower score is no answer: the bot says that it does not know. tests/unit/help_topics measures it.
THRESHOLD = 0.36


class Hit(NamedTuple):
    """A topic that a question may be about, in the language of its text. `score` is from 0 to 1."""

    topic: Topic
    language: Language
    score: float

    @property
    def text(self) -> TopicText:
        """What the topic says, in the language of the hit."""
        return self.topic.text(self.language)


class Topics:
    """A set of help topics that can be asked. It takes some milliseconds and megabytes to make, so make it once."""

    def __init__(self, topic_set: TopicSet) -> None:
        self.set = topic_set
        self.sha256 = topics_sha256(topic_set)
        self._indexes = {language: _index(topic_set, language) for language in topic_set.languages}

    def find(
        self, question: str, language: Language | None, limit: int = 3, threshold: float = THRESHOLD
    ) -> tuple[Hit, ...]:
        """The topics that fit the question best, at most `limit`, best first; none if the set has no answer to it.

        `language` is a BCP 47 tag. Without a text in it, the set is asked in its first language. The same question
        always has the same answer.
        """
        asked = self.set.language(language)
        ranked = self._indexes[asked].rank(question)
        fitting = [Hit(self.set.topics[name], asked, score) for name, score in ranked if score >= threshold]
        return tuple(fitting[:limit])


def _index(topic_set: TopicSet, language: Language) -> LanguageIndex:
    analyzer = Analyzer(language, topic_set.common_words.get(language, ""), topic_set.same_words.get(language, ()))
    return LanguageIndex(analyzer, {name: topic.text(language) for name, topic in topic_set.topics.items()})
