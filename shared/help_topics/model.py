"""[pure] The model of a set of help topics: what its files may say."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.contracts.vocabulary import Language
from shared.policy.base import Rule, Some, Word, language_ranges

TOPIC_PATTERN = "^[a-z][a-z0-9_-]{0,39}$"
TopicId = Annotated[str, Field(pattern=TOPIC_PATTERN)]


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; it needs text")
    return text.strip()


def _one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("has several lines; write it on one")
    return text


# Text on one line, without white space around it.
Line = Annotated[str, Field(max_length=120), AfterValidator(_filled), AfterValidator(_one_line)]
# Text of several paragraphs; `answer_text.py` has its form.
Prose = Annotated[str, Field(max_length=4000), AfterValidator(_filled)]
SameWords = Annotated[tuple[Line, ...], Field(json_schema_extra={"minItems": 2})]  # the loader counts them


class TopicText(Rule):
    """What a topic says in one language, and how people ask for it."""

    title: Line = Field(description="What the topic is about, in the words of those who ask.")
    answer: Prose = Field(
        description="Paragraphs, between blank lines; steps, which begin with 1. 2. 3.; links, [words](https://…) or "
        "[words](topic:ID)."
    )
    questions: Some[Line] = Field(description="How people ask, in their words; ten are better than three.")
    keywords: tuple[Line, ...] = Field(
        default=(), description="Words that people use for it and that the questions lack. They count most."
    )


class Topic(Rule):
    """One topic: a question that many people have, and its answer."""

    topic: TopicId = Field(description="The id of the topic: the name of its file.")
    channels: tuple[Word, ...] = Field(
        default=(), description="Channels of the edition to offer with the answer, for those whom it does not help."
    )
    see_also: tuple[TopicId, ...] = Field(default=(), description="Topics to offer with the answer.")
    texts: dict[Language, TopicText] = Field(description="Its text in each language of the set.")

    def text(self, language: Language) -> TopicText:
        """What it says in a language of its set."""
        return self.texts[language]


class SetFile(Rule):
    """What is said once for all topics: set.yaml."""

    version: Annotated[str, Field(max_length=40), AfterValidator(_filled), AfterValidator(_one_line)] = Field(
        description="What people call this version of the set; change it with every change."
    )
    languages: Some[Language] = Field(description="BCP 47 tags, such as en or pt-BR. The first is the fallback.")
    common_words: dict[Language, str] = Field(
        default_factory=dict, description="Words that say nothing about a topic, such as hello, separated by spaces."
    )
    same_words: dict[Language, tuple[SameWords, ...]] = Field(
        default_factory=dict, description="Groups of words that mean the same, such as mobile and cellphone."
    )


class TopicSet(SetFile):
    """A set of help topics, complete and without contradictions. `topics`: by id, in alphabetical order."""

    topics: dict[TopicId, Topic]

    def language(self, wanted: Language | None) -> Language:
        """The language of the set for a BCP 47 tag (`es` for `es-MX`); its first one if it has none for it."""
        there = {each.casefold(): each for each in self.languages}
        return next((there[tag] for tag in language_ranges(wanted) if tag in there), self.languages[0])
