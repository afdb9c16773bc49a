"""How well questions of people find the shipped help topics: `python -m tests.unit.help_topics.quality`.

The tables have questions as people write them, with typing mistakes, without accents, in everyday words. Before each is
the topic that must come first, or `-` if nothing may be found. None of them is a question of the topic itself. Topics,
words, weights and threshold were tuned on `tuned`. `held_out` was written afterwards, and nothing was changed for it.
"""

import sys
import time
from pathlib import Path
from typing import NamedTuple

from shared.help_topics.files import load_topics
from shared.help_topics.topics import Topics

HERE = Path(__file__).parent
LANGUAGES = ("en", "es")
TABLES = ("tuned", "held_out")


class Asked(NamedTuple):
    """A question and the topic that must come first; None if nothing may be found."""

    topic: str | None
    question: str


class Quality(NamedTuple):
    """How many questions there are of each kind, and how they were answered."""

    questions: int  # that have a topic
    first: int  # of them, with that topic first
    among_three: int
    wrong_first: int  # with another one first
    unanswerable: int
    found_by_mistake: int  # of those


def asked(table: str, language: str) -> list[Asked]:
    """The questions of a table."""
    lines = (HERE / f"{table}.{language}.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return [Asked(None if topic == "-" else topic, question) for topic, question in pairs]


def measured(topics: Topics, table: str, language: str) -> Quality:
    """The quality of the answers to the questions of a table."""
    first = among = wrong = mistakes = 0
    questions = asked(table, language)
    answerable = [each for each in questions if each.topic is not None]
    for each in questions:
        found = [hit.topic.topic for hit in topics.find(each.question, language)]
        if each.topic is None:
            mistakes += bool(found)
        else:
            first += found[:1] == [each.topic]
            among += each.topic in found
            wrong += bool(found) and found[0] != each.topic
    return Quality(len(answerable), first, among, wrong, len(questions) - len(answerable), mistakes)


def microseconds(topics: Topics) -> list[int]:
    """How long each question of all tables takes, in order of length."""
    found = []
    for language in LANGUAGES:
        for each in (each for table in TABLES for each in asked(table, language)):
            begun = time.perf_counter_ns()
            topics.find(each.question, language)
            found.append((time.perf_counter_ns() - begun) // 1000)
    return sorted(found)


def main() -> None:
    """Print a line for each table, and what a question costs; with `--misses TABLE`, what is wrong in that table."""
    begun = time.perf_counter()
    topics = Topics(load_topics())
    took = microseconds(topics)
    print(f"loaded in {1000 * (time.perf_counter() - begun) - sum(took) / 1000:.0f} ms")
    print(f"{len(took)} questions: median {took[len(took) // 2]} µs, p99 {took[len(took) * 99 // 100]} µs")
    for table in TABLES:
        for language in LANGUAGES:
            print(table, language, measured(topics, table, language))
            if sys.argv[1:] == ["--misses", table]:
                for each in asked(table, language):
                    hits = topics.find(each.question, language)
                    if (hits[0].topic.topic if hits else None) != each.topic:
                        print("   ", *each, [(hit.topic.topic, hit.score) for hit in hits])


if __name__ == "__main__":
    main()
