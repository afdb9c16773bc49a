"""[pure] What the words of a text come to in a language, so that different ways of writing it are found alike.

A text is normalised (NFKC), in small letters and without accents. Each word is reduced to its stem where tantivy has a
stemmer for the language. Words that a set calls the same have one stem. Languages that write no spaces between words
are read in pairs of characters.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from shared.contracts.vocabulary import Language

_LONGEST_WORD = 40  # characters; longer ones are no words
# Of tantivy: the Snowball stemmers, and lists of the commonest words.
_STEMMERS = {
    **{"ar": "arabic", "da": "danish", "nl": "dutch", "en": "english", "fi": "finnish", "fr": "french", "de": "german"},
    **{"el": "greek", "hu": "hungarian", "it": "italian", "no": "norwegian", "nb": "norwegian", "nn": "norwegian"},
    **{"pt": "portuguese", "ro": "romanian", "ru": "russian", "es": "spanish", "sv": "swedish", "ta": "tamil"},
    "tr": "turkish",
}
_STOP_WORDS = {
    *("danish", "dutch", "english", "finnish", "french", "german", "hungarian", "italian", "norwegian"),
    *("portuguese", "russian", "spanish", "swedish"),
}
_WITHOUT_SPACES = {"zh", "ja", "th", "lo", "km", "my"}


class Term(NamedTuple):
    """A word, folded, and the stems by which it is found.

    There are two if accents matter to the stemmer: that of the word as written, and that of the word without accents,
    as many people type it.
    """

    word: str
    stems: tuple[str, ...]


class Analyzer:
    """Reads texts of one language. `common_words`: words, separated by white space, that say nothing about a topic."""

    def __init__(self, language: Language, common_words: str = "", same_words: Iterable[tuple[str, ...]] = ()) -> None:
        primary = language.partition("-")[0].lower()
        self.in_pairs = primary in _WITHOUT_SPACES  # of characters
        self._stemmer = _stemmer(_STEMMERS.get(primary))
        self._listed = _stop_list(_STEMMERS.get(primary))
        self.common_words = frozenset(self.words(common_words))
        self.common_stems = frozenset(stem for word in self.common_words for stem in self._stems(word))
        self._same: dict[str, str] = {}
        for first, *others in same_words:
            stem = self._stems(first.lower())[0]
            self._same |= {other: stem for each in (first, *others) for other in self._stems(each.lower())}

    def words(self, text: str) -> list[str]:
        """All words of a text, folded."""
        return [_folded(word) for word in self._written(text)]

    def terms(self, text: str) -> list[Term]:
        """The words that may say what a text is about."""
        pairs = ((_folded(word), word) for word in self._written(text))
        return [Term(folded, self._found_by(word)) for folded, word in pairs if not self._says_nothing(folded)]

    def _written(self, text: str) -> list[str]:
        """The words of a text in small letters."""
        valid = text.encode(errors="replace").decode()  # half of a pair of surrogates is no character
        found: list[str] = _splitter().analyze(unicodedata.normalize("NFKC", valid))
        return [pair for word in found for pair in _pairs(word)] if self.in_pairs else found

    def _says_nothing(self, word: str) -> bool:
        return (len(word) == 1 and word.isascii()) or word in self.common_words or not self._listed.analyze(word)

    def _found_by(self, word: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._same.get(stem, stem) for stem in self._stems(word)))

    def _stems(self, word: str) -> tuple[str, ...]:
        folded = _folded(word)
        return tuple(dict.fromkeys((_folded(self._stem(word)), _folded(self._stem(folded)))))

    def _stem(self, word: str) -> str:
        stems: list[str] = self._stemmer.analyze(word)
        return stems[0] if stems else word


def _pairs(word: str) -> list[str]:
    """A run of characters without spaces as pairs; a word in ASCII as it is."""
    return [word] if word.isascii() or len(word) < 3 else [word[at : at + 2] for at in range(len(word) - 1)]


def _folded(word: str) -> str:
    """Without accents."""
    if word.isascii():
        return word
    folded: list[str] = _folder().analyze(word)
    return folded[0] if folded else word


@cache
def _splitter() -> TextAnalyzer:
    return _built(Tokenizer.simple(), Filter.lowercase(), Filter.remove_long(_LONGEST_WORD + 1))


@cache
def _folder() -> TextAnalyzer:
    return _built(Tokenizer.raw(), Filter.ascii_fold())


@cache
def _stemmer(name: str | None) -> TextAnalyzer:
    return _built(Tokenizer.raw(), *([] if name is None else [Filter.stemmer(name)]))


@cache
def _stop_list(name: str | None) -> TextAnalyzer:
    """Lets through what is not among the commonest words."""
    return _built(Tokenizer.raw(), *([Filter.stopword(name)] if name in _STOP_WORDS else []))


def _built(tokenizer: Tokenizer, *filters: Filter) -> TextAnalyzer:
    builder = TextAnalyzerBuilder(tokenizer)
    for each in filters:
        builder = builder.filter(each)
    return builder.build()
