"""[pure] An index of short texts in memory: a thin layer over tantivy, for words that are analysed already."""

from collections.abc import Mapping, Sequence

from tantivy import Document, Index, Occur, Query, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

_WORDS = "words"
_HEAP = 15_000_000  # bytes while the index is built: the least that tantivy takes


class WordIndex:
    """Texts by number, each with the same fields. A field is a list of words, which are found as they are."""

    def __init__(self, fields: Sequence[str], texts: Sequence[Mapping[str, Sequence[str]]]) -> None:
        builder = SchemaBuilder()
        for field in fields:
            builder.add_text_field(field, tokenizer_name=_WORDS)
        self._schema = builder.build()
        index = Index(self._schema)
        index.register_tokenizer(_WORDS, TextAnalyzerBuilder(Tokenizer.whitespace()).build())
        writer = index.writer(_HEAP, 1)  # one thread: the numbers of the texts are then their order
        for text in texts:
            writer.add_document(
                Document.from_dict({name: " ".join(words) for name, words in text.items()}, self._schema)
            )
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        self._count = len(texts)

    def count(self, field: str, word: str) -> int:
        """How many texts have the word."""
        found: int = self._searcher.doc_freq(field, word)
        return found

    def has(self, field: str, word: str, weight: float) -> Query:
        """Scores each text that has the word with `weight`, however often it has it."""
        return Query.const_score_query(Query.term_query(self._schema, field, word), weight)

    def ranks(self, field: str, word: str, weight: float) -> Query:
        """Scores each text that has the word by BM25, times `weight`: a rare word in a short text counts most."""
        return Query.boost_query(Query.term_query(self._schema, field, word), weight)

    def resembles(self, field: str, word: str, edits: int) -> Query:
        """Finds texts with a word that is at most so many edits away: a letter more, less or other, or two swapped."""
        return Query.fuzzy_term_query(self._schema, field, word, edits)

    def search(self, query: Query, limit: int | None = None) -> list[tuple[int, float]]:
        """The texts that the query finds and their scores, best first; equal ones in their order."""
        found = self._searcher.search(query, self._count if limit is None else limit, count=False)
        return [(address.doc, score) for score, address in found.hits]


def best_of(queries: Sequence[Query]) -> Query:
    """Scores by the best of these."""
    return Query.disjunction_max_query(queries)


def sum_of(queries: Sequence[Query]) -> Query:
    """Scores by the sum of these."""
    return Query.boolean_query([(Occur.Should, query) for query in queries])
