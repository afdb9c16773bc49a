"""[pure] Finds the topics that a question in one language is about, and how well each fits.

The score of a topic has three parts, each from 0 to about 1:

- coverage: how much of what the question says the topic says as well. Words count by how few topics have them; a word
  that no topic has counts against all of them, so that a question about something else scores low.
- relevance: BM25 over everything that the topic says.
- resemblance: BM25 of the one title, question or keyword of the topic that is most like the question. Here common words
  count a little, which tells "I hear nobody" from "nobody hears me".

Who asks exactly what a topic has as a title or question gets that topic first, with the highest score.
A word that no topic has is taken for a typing mistake of those that differ from it by a letter, or two if it is long.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tantivy import Query

from shared.help_topics.analysis import Analyzer
from shared.help_topics.model import TopicText
from shared.help_topics.word_index import WordIndex, best_of, sum_of

_COVERAGE, _RELEVANCE, _RESEMBLANCE = 0.2, 0.4, 0.4  # their shares of the score
_TITLE, _KEYWORD = 2, 3  # how often a word there counts, in relevance
_ANSWER_COVERS, _ANSWER_RANKS = 0.3, 0.2  # what a word counts that a topic has in its answer alone
_COMMON_WORD = 0.4  # what a word counts in resemblance as it is written
_UNKNOWN, _UNKNOWN_PAIR = 1.0, 0.2  # what a word counts that no topic has, compared with one that a single topic has
_LEAST_SAID = 0.5  # what a question must say to be sure, in words that a single topic has: a general word is not enough
_BM25_MOST = 2.2  # k1 + 1: what BM25 gives a word at most, in units of its weight
_TYPO_LENGTH, _TWO_TYPOS_LENGTH = 4, 9  # characters from which a word may have one typing mistake, and two
_TYPO_COST = 1.6  # per share of wrong characters
_MOST_MEANT = 4  # stems that a mistyped word may mean
_LONGEST = 2000  # characters of a question that count; the rest is somebody's log or a whole mail
_MOST_TERMS = 40  # different words of a question that count
_MOST_LIKE = 100  # texts that are looked at for resemblance
_NOTHING: tuple[str, ...] = ()  # the stems of a common word
_LINK_OR_STEP = re.compile(r"\]\([^()\s]*\)|^ *\d+\. ", re.MULTILINE)


class Meant(NamedTuple):
    """A stem that a word of a question may mean, and how surely, from 0 to 1."""

    stem: str
    sure: float


class _Query(NamedTuple):
    """A question as queries, and how much it says: the sum of the weights of its words."""

    said: float
    covers: Query
    ranks: Query
    resembles: Query


class LanguageIndex:
    """The topics of a set in one language."""

    def __init__(self, analyzer: Analyzer, texts: Mapping[str, TopicText]) -> None:
        self._analyzer = analyzer
        self._topics = tuple(texts)
        self._whole = WordIndex(("said", "answer"), [self._whole_text(text) for text in texts.values()])
        phrases = [(topic, phrase) for topic, text in texts.items() for phrase in _phrases(text)]
        asked = [(topic, each) for topic, text in texts.items() for each in (text.title, *text.questions)]
        exactly = ((tuple(analyzer.words(each)), topic) for topic, each in reversed(asked))
        self._exactly = {words: topic for words, topic in exactly if words}
        self._topic_of = [topic for topic, _ in phrases]
        self._phrases = WordIndex(
            ("stems", "words"),
            [{"stems": self._stems(phrase), "words": analyzer.words(phrase)} for _, phrase in phrases],
        )
        known: dict[str, tuple[str, ...]] = dict.fromkeys(analyzer.common_words, _NOTHING)
        known |= {term.word: term.stems for _, phrase in phrases for term in analyzer.terms(phrase)}
        self._known = tuple(sorted(known.items()))
        self._vocabulary = WordIndex(("word",), [{"word": [word]} for word, _ in self._known])

    def rank(self, question: str) -> list[tuple[str, float]]:
        """The topics with a word of the question and their scores, best first; equal ones in the order of the set."""
        question = question[:_LONGEST]
        scores = self._scores(question)
        if (topic := self._exactly.get(tuple(self._analyzer.words(question)))) is not None:
            scores[topic] = math.inf
        ranked = sorted((each for each in scores.items() if each[1] > 0), key=lambda each: -each[1])
        return [(topic, round(min(score, 1.0), 4)) for topic, score in ranked]

    def _scores(self, question: str) -> dict[str, float]:
        query = self._query(question)
        if query is None:
            return {}
        scores = dict.fromkeys(self._topics, 0.0)
        for at, score in self._whole.search(query.covers):
            scores[self._topics[at]] += _COVERAGE * score / query.said
        for at, score in self._whole.search(query.ranks):
            scores[self._topics[at]] += _RELEVANCE * score / query.said / _BM25_MOST
        likeness: dict[str, float] = {}
        for at, score in self._phrases.search(query.resembles, _MOST_LIKE):
            likeness.setdefault(self._topic_of[at], score)
        for topic, score in likeness.items():
            scores[topic] += _RESEMBLANCE * score / query.said / _BM25_MOST
        return scores

    def _query(self, question: str) -> _Query | None:
        """What to search for; None for a question without a word that a topic may have."""
        terms = {term.stems: term.word for term in self._analyzer.terms(question)}
        said, covers, ranks, resembles = 0.0, [], [], []
        for written, word in list(terms.items())[:_MOST_TERMS]:
            meant = self._meant(written, word)
            if meant is None:
                continue
            weight = self._weight(meant)
            said += weight
            if not meant:
                continue
            covered, ranked, like = [], [], []
            for each, sure in meant:
                covered.append(self._whole.has("said", each, sure * weight))
                covered.append(self._whole.has("answer", each, sure * weight * _ANSWER_COVERS))
                ranked.append(self._whole.ranks("said", each, sure))
                ranked.append(self._whole.ranks("answer", each, sure * _ANSWER_RANKS))
                like.append(self._phrases.ranks("stems", each, sure))
            covers.append(best_of(covered))
            ranks.append(best_of(ranked))
            resembles.append(best_of(like))
        if not covers:
            return None
        words = list(dict.fromkeys(self._analyzer.words(question)))[:_MOST_TERMS]
        resembles += [self._phrases.ranks("words", word, _COMMON_WORD) for word in words]
        return _Query(max(said, _LEAST_SAID * self._rarity(1)), sum_of(covers), sum_of(ranks), sum_of(resembles))

    def _meant(self, written: tuple[str, ...], word: str) -> list[Meant] | None:
        """What a word means: itself where a topic has it, else words like it; empty for a word that is like none.

        None for a form of a common word, or one that is mistyped: it says nothing.
        """
        known = [each for each in written if self._whole.count("said", each) or self._whole.count("answer", each)]
        if known:
            return [Meant(each, 1.0) for each in known]
        if not self._analyzer.common_stems.isdisjoint(written):
            return None
        if len(word) < _TYPO_LENGTH or word.isdecimal():
            return []
        for edits in (1, 2) if len(word) >= _TWO_TYPOS_LENGTH else (1,):
            like = [
                self._known[at] for at, _ in self._vocabulary.search(self._vocabulary.resembles("word", word, edits))
            ]
            like = [each for each in like if each[0][0] == word[0]] or like  # people rarely mistype the first letter
            stems = list(dict.fromkeys(stem for _, stems in like for stem in stems))
            if like and not stems:
                return None
            if stems:
                sure = 1 - _TYPO_COST * edits / len(word)
                return [Meant(each, sure) for each in stems[:_MOST_MEANT]]
        return []

    def _weight(self, meant: Sequence[Meant]) -> float:
        """How much a word says: the fewer topics have it, the more (the inverse document frequency of BM25)."""
        if not meant:
            return self._rarity(0) * (_UNKNOWN_PAIR if self._analyzer.in_pairs else _UNKNOWN)
        having = max(self._whole.count("said", stem) for stem, _ in meant)
        return self._rarity(having or self._whole.count("answer", meant[0].stem))

    def _rarity(self, having: int) -> float:
        return math.log(1 + (len(self._topics) - having + 0.5) / (having + 0.5))

    def _whole_text(self, text: TopicText) -> dict[str, list[str]]:
        said = [text.title] * _TITLE + [*text.questions] + [*text.keywords] * _KEYWORD
        answer = _LINK_OR_STEP.sub(" ", text.answer)
        return {"said": [stem for phrase in said for stem in self._stems(phrase)], "answer": self._stems(answer)}

    def _stems(self, text: str) -> list[str]:
        return [stem for term in self._analyzer.terms(text) for stem in term.stems]


def _phrases(text: TopicText) -> tuple[str, ...]:
    return (text.title, *text.questions, *text.keywords)
